"""Where calendars are: one module per provider, all of the shape in protocol.py; opening.py knows them all."""
