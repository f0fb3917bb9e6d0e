"""Users register for Threema: they send a token to our gateway's ID, the gateway says which Threema ID it came from."""
