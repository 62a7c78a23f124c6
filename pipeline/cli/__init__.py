"""The newswire command. Each file holds the commands of one part; heavy imports wait inside the commands."""
