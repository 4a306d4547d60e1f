"""The imperative shell: the engine, its loop, lanes, stores, queue, watcher. It does; `core` decides."""
