"""HTTP: the intake of events, webhooks, the API, probes and metrics, on TCP and on the Unix socket.

Knows the engine through `reconciler.runtime.api.EngineView` alone; the composition root starts a `WebServer`.
"""
