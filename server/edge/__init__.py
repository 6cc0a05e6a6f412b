"""What stands in front of the application: connections, hosts, origins."""
