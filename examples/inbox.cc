// examples/inbox.cc — takes files by form, and gives them back under numbers that it chooses.
// usage: inbox FOLDER [ENDPOINT]
//   $ curl -F file=@holiday.jpg localhost:8080/files
//   $ curl -OJ localhost:8080/files/1
#include <portico/json.h>
#include <portico/portico.h>

#include <charconv>
#include <filesystem>

using portico::Json, portico::Request, portico::Response, portico::Status, portico::Task;

class Inbox {
public:
    Inbox(std::string path, portico::Folder folder) : path_(std::move(path)), folder_(std::move(folder)) {}

    Task<Response> take(Request& request) {
        portico::UploadOptions options;
        options.folder = path_;  // of parts: nothing is left of an upload that breaks off
        options.files_max = 10;
        options.file_octets_max = std::uint64_t{100} << 20;
        portico::Result<portico::Upload> upload = co_await portico::read_upload(request, std::move(options));
        if (!upload) co_return upload.error();
        Json kept = Json::array();
        for (portico::UploadedFile& file : upload->files()) {
            const int number = ++last_;  // never the client's name: it may be any text
            std::string path = path_ + "/" + std::to_string(number);
            const portico::io::Result<void> named = co_await file.keep(request.core(), std::move(path));
            if (!named) co_return portico::problem(Status::internal_server_error, "A file can't be kept.");
            kept.push_back({{"number", number}, {"name", file.file_name()}, {"octets", file.octets()}});
        }
        if (kept.empty()) co_return portico::problem(Status::unprocessable_content, "The form has no file.");
        co_return Response::json(Status::created, kept);
    }

    Task<Response> give(Request& request, unsigned number) const {
        Response response = co_await folder_.respond(request, std::to_string(number));
        response.set("Content-Disposition", "attachment");  // a page that somebody sent must not run here
        co_return response;
    }

    // Numbers of files that are there already are not used again.
    void skip(const std::string& name) {
        int number = 0;
        std::from_chars(name.data(), name.data() + name.size(), number);
        if (number > last_) last_ = number;
    }

private:
    std::string path_;
    portico::Folder folder_;
    int last_ = 0;
};

int main(int argc, char** argv) {
    const std::string path = argc > 1 ? argv[1] : ".";
    portico::Options options;
    options.limits.content_octets_max = std::uint64_t{1} << 30;
    portico::Server server(options);
    Inbox inbox(path, server.folder(path));
    std::error_code none;  // if there is no such folder, run() says so
    for (const auto& entry : std::filesystem::directory_iterator(path, none)) inbox.skip(entry.path().filename());
    server.on_refusal(portico::problem_json());
    server.post("/files", &Inbox::take, inbox);
    server.get("/files/{number}", &Inbox::give, inbox);
    return server.run(argc > 2 ? argv[2] : "127.0.0.1:8080");
}
