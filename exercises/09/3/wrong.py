# Handles one signal of two. The checker says: SIGTERM ends a program that neither blocks nor handles it
import signal

count = 0


def tell(number, frame):
    global count
    count += 1
    print(count)


signal.signal(signal.SIGUSR1, tell)
print("ready")
while True:
    signal.pause()
