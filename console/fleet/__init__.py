"""Docker hosts: containers, images, networks, volumes, stats, logs, events."""
