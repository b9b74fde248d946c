// examples/upload.cc — uploads files from a browser to the disk, with a page that shows the progress.
//
// usage: upload [FOLDER [ENDPOINT]]        (uploads, 127.0.0.1:8080)
//
//   a browser at http://localhost:8080/, or
//   $ curl -F file=@holiday.jpg localhost:8080/upload/1
//
// The files are written to disk piece by piece while they arrive; limits say how large they may be. Before the page
// sends the form, it opens a stream of server-sent events with the same id, which tells it how many bytes have arrived.
// If the client leaves early, the partial files are removed, and the stream says so.
#include <portico/portico.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>

namespace {

namespace io = portico::io;
using portico::Request;
using portico::Response;
using portico::Status;
using portico::Task;

constexpr std::uint64_t file_octets_max = std::uint64_t{1} << 30;
constexpr std::uint64_t content_octets_max = std::uint64_t{2} << 30;
constexpr std::size_t name_octets_max = 100;
constexpr auto look_every = std::chrono::milliseconds(100);  // fast enough to look smooth

constexpr const char* page = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Upload</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem; }
  progress { width: 100%; }
  pre { white-space: pre-wrap; }
</style>
<h1>Upload</h1>
<form method="post" action="/upload/form" enctype="multipart/form-data">
  <p><input type="file" name="file" multiple required aria-label="Files"> <button>Send</button></p>
</form>
<progress value="0" max="1" aria-label="How much has come"></progress>
<pre role="status"></pre>
<script>
  const form = document.querySelector("form"), bar = document.querySelector("progress"), said = document.querySelector("pre");
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const events = new EventSource("/progress/" + id);
    events.addEventListener("progress", ({data}) => {
      const [octets, of] = data.split("/").map(Number);
      bar.max = of || 1;
      bar.value = octets;
      said.textContent = `${octets.toLocaleString()} of ${of.toLocaleString()} octets`;
    });
    for (const name of ["done", "failed"]) events.addEventListener(name, () => events.close());
    try {
      const answer = await fetch("/upload/" + id, {method: "POST", body: new FormData(form)});
      said.textContent = await answer.text();
      if (answer.ok) form.reset();
    } catch {
      said.textContent = "The connection broke.";
    }
    events.close();
  });
</script>
</html>
)html";

// --- the progress of uploads

struct Progress {
    enum class State : std::uint8_t { awaited, arriving, done, failed } state = State::awaited;
    std::uint64_t octets = 0;
    std::uint64_t of = 0;  // 0: not known
};

// The upload and the page find each other here by the id, whichever comes first. An entry is removed when neither holds
// it any more. One thread serves all clients, so there is no lock.
class Board {
public:
    std::shared_ptr<Progress> at(const std::string& id) {
        std::erase_if(entries_, [](const auto& entry) { return entry.second.expired(); });
        std::shared_ptr<Progress> progress = entries_[id].lock();
        if (!progress) {
            progress = std::make_shared<Progress>();
            entries_[id] = progress;
        }
        return progress;
    }

private:
    std::map<std::string, std::weak_ptr<Progress>> entries_;
};

// Marks an upload as failed unless it was marked as done. This also happens if the client leaves, because the task that
// owns this object is then destroyed.
class Arrival {
public:
    Arrival(std::shared_ptr<Progress> progress, std::uint64_t of) : progress_(std::move(progress)) {
        progress_->state = Progress::State::arriving;
        progress_->of = of;
    }
    Arrival(const Arrival&) = delete;
    Arrival& operator=(const Arrival&) = delete;
    ~Arrival() {
        if (progress_->state != Progress::State::done) progress_->state = Progress::State::failed;
    }
    void done() { progress_->state = Progress::State::done; }

private:
    std::shared_ptr<Progress> progress_;
};

Task<void> tell_progress(portico::EventSender& events, std::shared_ptr<Progress> progress) {
    std::string told;
    for (;;) {
        const Progress::State state = progress->state;
        std::string now = std::to_string(progress->octets) + "/" + std::to_string(progress->of);
        if (state != Progress::State::awaited && now != told) {
            const bool sent = co_await events.send("progress", now);
            if (!sent) co_return;
            told = std::move(now);
        }
        if (state == Progress::State::done || state == Progress::State::failed) {
            const std::string_view name = state == Progress::State::done ? "done" : "failed";
            const bool sent = co_await events.send(name, told);
            static_cast<void>(sent);  // nothing more is sent anyway
            co_return;
        }
        const bool slept = co_await io::sleep_for(events.core(), look_every);
        if (!slept) co_return;
    }
}

// --- the files

// A name that is safe to use: the client's file name is never used as a path.
std::string safe_name(std::string_view said) {
    said.remove_prefix(said.find_last_of("/\\") + 1);  // nothing found: npos + 1 is 0
    std::string name(said.substr(0, name_octets_max));
    std::ranges::replace_if(
        name,
        [](char octet) {
            const bool is_letter = (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z';
            return !is_letter && !(octet >= '0' && octet <= '9') && octet != '.' && octet != '-' && octet != '_';
        },
        '_');
    const std::size_t first = name.find_first_not_of('.');  // no hidden files, no ".."
    return first == std::string::npos ? "file" : name.substr(first);
}

// Keeps the file under its name, or with a number before the name if there is such a file. Returns the path.
Task<io::Result<std::string>> keep(io::Core& core, portico::UploadedFile& file, std::string folder) {
    const std::string name = safe_name(file.file_name());
    for (int number = 1;; ++number) {
        std::string path = folder + "/" + (number == 1 ? "" : std::to_string(number) + "-") + name;
        const io::Result<void> kept = co_await file.keep(core, path);
        if (kept) co_return path;
        if (kept.error().number != EEXIST || number == 10'000) co_return std::unexpected(kept.error());
    }
}

std::uint64_t announced_octets(const Request& request) {
    const std::string_view text = request.field("Content-Length").value_or("0");
    std::uint64_t octets = 0;
    std::from_chars(text.data(), text.data() + text.size(), octets);
    return octets;
}

Task<Response> take_upload(Request& request, std::shared_ptr<Progress> progress, std::string folder) {
    Arrival arrival(progress, announced_octets(request));
    portico::UploadOptions options;
    options.folder = folder;  // the same file system, so that keeping a file only renames it
    options.file_octets_max = file_octets_max;
    options.content_octets_max = content_octets_max;
    options.progress = [progress](std::uint64_t octets) { progress->octets = octets; };
    portico::Result<portico::Upload> upload = co_await portico::read_upload(request, std::move(options));
    if (!upload) co_return upload.error();

    std::string answer;
    for (portico::UploadedFile& file : upload->files()) {
        const io::Result<std::string> path = co_await keep(request.core(), file, folder);
        if (!path) {
            std::fprintf(stderr, "Can't keep a file: %s\n", io::describe(path.error()).c_str());
            co_return Status::internal_server_error;
        }
        answer += *path + ": " + std::to_string(file.octets()) + " octets\n";
    }
    if (answer.empty()) co_return Response(Status::bad_request, "The form has no file.\n", "text/plain; charset=utf-8");
    arrival.done();
    co_return Response(Status::created, std::move(answer), "text/plain; charset=utf-8");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "uploads";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        std::perror(folder.c_str());
        return 1;
    }
    portico::Options options;
    options.limits.content_octets_max = content_octets_max;
    portico::Server server(options);
    Board board;
    server.get("/", [] { return Response::html(page); });
    server.post("/upload/{id}",
                [&](Request& request, const std::string& id) { return take_upload(request, board.at(id), folder); });
    server.get("/progress/{id}", [&](Request& request, const std::string& id) {
        auto source = [progress = board.at(id)](portico::EventSender& events) {
            return tell_progress(events, progress);
        };
        return portico::send_events(request, std::move(source));
    });
    return server.run(argc > 2 ? argv[2] : "127.0.0.1:8080");
}
