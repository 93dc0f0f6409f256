"""What a city has of streets and things: loaded as data, so that complaints can be measured per kilometre and per asset."""
