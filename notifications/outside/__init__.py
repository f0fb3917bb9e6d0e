"""HTTP to addresses that people typed in: never to this machine or its neighbours, never longer than its time."""
