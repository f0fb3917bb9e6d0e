"""Local stand-ins of other people's HTTP services: real sockets, their rules enforced, their faults on demand."""
