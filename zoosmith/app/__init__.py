"""What people run: doit tasks and the `zoosmith` command. The only place that knows everything."""
