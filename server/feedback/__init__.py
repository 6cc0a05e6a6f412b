"""What comes back by mail: reports that other mail servers send. All of them are claims of strangers."""
