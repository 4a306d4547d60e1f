"""The HTTP side: probes, metrics, intake, API, inbound hooks, the Unix socket."""
