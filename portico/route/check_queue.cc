// portico/route/check_queue.cc — see check_queue.h.
#include "portico/route/check_queue.h"

#include <algorithm>
#include <list>
#include <utility>

namespace portico::route {

struct CheckQueue::State : std::enable_shared_from_this<CheckQueue::State> {
    explicit State(io::Core& the_core) : core(&the_core) {}

    // How many of `turns` share a limit with the applicant; known credentials and others have different limits.
    static std::size_t count(const std::list<CheckTurn*>& turns, const Applicant& applicant) {
        return static_cast<std::size_t>(std::count_if(turns.begin(), turns.end(), [&applicant](const CheckTurn* turn) {
            return is_known(turn->applicant_) == is_known(applicant);
        }));
    }
    static std::size_t count_of_address(const std::list<CheckTurn*>& turns, const Applicant& applicant) {
        return static_cast<std::size_t>(std::count_if(turns.begin(), turns.end(), [&applicant](const CheckTurn* turn) {
            return !is_known(turn->applicant_) && turn->applicant_.network == applicant.network;
        }));
    }
    static bool is_known(const Applicant& applicant) { return applicant.standing == Standing::known; }

    [[nodiscard]] bool may_wait(const Applicant& applicant) const {
        if (count(waiting, applicant) >= limits.waiting_max) return false;
        return is_known(applicant) || count_of_address(waiting, applicant) < limits.waiting_per_address_max;
    }
    [[nodiscard]] bool may_check(const Applicant& applicant) const {
        if (is_known(applicant)) return checking.size() <= limits.at_once_max;
        return checking.size() < limits.at_once_max &&
               count_of_address(checking, applicant) < limits.at_once_per_address_max;
    }
    // The request whose turn it is; null if none may be checked now.
    [[nodiscard]] CheckTurn* next() const {
        CheckTurn* best = nullptr;
        for (CheckTurn* const turn : waiting) {
            if (!may_check(turn->applicant_)) continue;
            if (best == nullptr || turn->applicant_.standing < best->applicant_.standing) best = turn;
        }
        return best;
    }
    void move_to_checking(CheckTurn& turn) {
        waiting.remove(&turn);
        checking.push_back(&turn);
        turn.phase_ = CheckTurn::Phase::checking;
    }
    // A task that goes on may change both lists, so each step starts again from the beginning.
    void let_go_on() {
        while (CheckTurn* const turn = next()) {
            move_to_checking(*turn);
            turn->line_.wake_one();
        }
    }
    void let_go_on_later() {
        if (waiting.empty()) return;
        core->post([state = shared_from_this()] { state->let_go_on(); });
    }
    void settle(const Fingerprint& credentials) {
        for (;;) {
            const auto found = std::find_if(waiting.begin(), waiting.end(), [&credentials](const CheckTurn* turn) {
                return turn->applicant_.credentials == credentials;
            });
            if (found == waiting.end()) return;
            CheckTurn& turn = **found;
            waiting.erase(found);
            turn.phase_ = CheckTurn::Phase::settled;
            turn.line_.wake_one();
        }
    }

    io::Core* core;
    PasswordLimits limits;  // from the last request
    // Both are in order of arrival. They are short, so they are searched linearly.
    std::list<CheckTurn*> waiting;
    std::list<CheckTurn*> checking;
};

CheckQueue::CheckQueue(io::Core& core) : state_(std::make_shared<State>(core)) {}

void CheckQueue::settle(const Fingerprint& credentials) {
    if (state_->waiting.empty()) return;
    state_->core->post([state = state_, credentials] { state->settle(credentials); });
}

std::size_t CheckQueue::waiting() const { return state_->waiting.size(); }
std::size_t CheckQueue::checking() const { return state_->checking.size(); }

CheckTurn::CheckTurn(CheckQueue& queue, const Applicant& applicant, const PasswordLimits& limits)
    : state_(queue.state_), applicant_(applicant) {
    state_->limits = limits;
    const bool may_wait = state_->may_wait(applicant);
    // It joins the line even if the line is empty: a place that was just released belongs to the requests that wait.
    state_->waiting.push_back(this);
    if (state_->next() == this) {
        state_->move_to_checking(*this);
    } else if (!may_wait) {
        state_->waiting.remove(this);
        phase_ = Phase::refused;
    }
}

CheckTurn::~CheckTurn() {
    if (phase_ == Phase::waiting) state_->waiting.remove(this);
    if (phase_ != Phase::checking) return;
    state_->checking.remove(this);
    state_->let_go_on_later();
}

WaitInLine CheckTurn::wait() { return line_.wait(*state_->core); }

}  // namespace portico::route
