// examples/raw/message_queue.c — messages between processes, in the order of their priorities.
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    const struct mq_attr limits = {.mq_maxmsg = 4, .mq_msgsize = 64};
    char name[32];
    snprintf(name, sizeof name, "/portico-lesson-%d", getpid());
    const mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &limits);
    if (queue == (mqd_t)-1) {
        perror("mq_open");
        return 1;
    }
    mq_unlink(name);  // the queue lives on until it is closed
    const char* texts[] = {"sent first", "urgent", "sent last"};
    for (unsigned i = 0; i < 3; ++i) mq_send(queue, texts[i], strlen(texts[i]), i == 1 ? 9 : 0);
    for (int i = 0; i < 3; ++i) {
        char text[64];
        unsigned priority = 0;
        const ssize_t length = mq_receive(queue, text, sizeof text, &priority);  // one whole message
        printf("priority %u: %.*s\n", priority, (int)length, text);
    }
    return 0;
}
