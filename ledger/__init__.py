"""The event store: streams, events, the command log, sealing, snapshots and the projection runner."""
