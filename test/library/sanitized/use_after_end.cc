// use_after_end.cc — reads a variable of a coroutine whose frame has been destroyed. AddressSanitizer must detect it.
#include <portico/io/epoll/epoll_kernel.h>
#include <portico/io/run_task.h>

#include <coroutine>
#include <cstdio>

namespace {

portico::Task<const int*> address_of_a_local() {
    const volatile int local = 7;
    co_await std::suspend_never();  // from here on, the variable must be in the frame
    co_return const_cast<const int*>(&local);
}

portico::Task<int> read_after_the_end() {
    const int* const address = co_await address_of_a_local();
    co_return *address;
}

}  // namespace

int main() {
    const auto kernel = portico::io::make_epoll_kernel();
    if (!kernel) return 1;
    portico::io::Core core(**kernel);
    std::printf("nobody has seen it: %d\n", portico::io::run_task(core, read_after_the_end()));
    return 0;
}
