import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Waits for files that come to an inbox or leave it.
///
/// It is used from one thread.
///
/// inotify(7) reports a change at once. On a file system that another machine writes to it reports nothing, so the
/// folder is also looked at from time to time.
///
/// Only C has the calls for this. They are unsafe because of their pointers, which live until each call returns.
/// Looking at the folder every 30 milliseconds instead took the worker 0.6 CPU seconds a minute at rest; this takes
/// 0.36 (`idle_cpu_seconds_by_process` of `Deploy/bench`).
///
/// The consumers of the local broker use inotify too, and share no code with this. They keep a thread that waits
/// without end for one file, to which they write themselves, and have to learn when it is removed. Common to both is
/// only the call that opens it.
public final class FolderWatch {
    private let inbox: Inbox
    /// The notices of the system; negative if it gives none.
    private let notices: Int32
    /// Without notices, the pause before the folder is looked at again: it doubles while nothing changes.
    private(set) var step = FolderWatch.firstStep
    static let firstStep: Duration = .milliseconds(20)
    private static let longestStep: Duration = .seconds(1)

    /// A watch over an inbox.
    public convenience init(_ inbox: Inbox) {
        self.init(inbox, hasNotices: true)
    }

    /// A watch over an inbox.
    ///
    /// - Parameters:
    ///   - inbox: the inbox.
    ///   - hasNotices: whether to ask the system for notices.
    init(_ inbox: Inbox, hasNotices: Bool) {
        self.inbox = inbox
        let descriptor = hasNotices ? inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) : -1
        let wanted = UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE)
        if descriptor >= 0, unsafe inotify_add_watch(descriptor, inbox.directory.path, wanted) < 0 {
            close(descriptor)
            notices = -1
        } else {
            notices = descriptor
        }
    }

    deinit { if notices >= 0 { close(notices) } }

    /// Waits until a file comes or goes, or the time is over.
    ///
    /// - Parameters:
    ///   - known: the inbox's content before the folder was looked through.
    ///   - limit: the longest wait.
    public func awaitChange(since known: [String]?, atMost limit: Duration) {
        let deadline = ContinuousClock.now + limit
        repeat {
            let left = deadline - .now
            guard left > .zero else { return }
            rest(left)
        } while inbox.content == known
        step = Self.firstStep
    }

    /// Waits for a notice, at most this long.
    private func rest(_ limit: Duration) {
        guard notices >= 0 else {
            Thread.sleep(forTimeInterval: min(limit, step) / .seconds(1))
            step = min(step * 2, Self.longestStep)
            return
        }
        let seconds = limit / .seconds(1)
        var question = pollfd(fd: notices, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&question, 1, Int32((seconds * 1000).rounded(.up))) == 1 else { return }
        // The notices only say that something changed; what did, the folder tells.
        unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while unsafe read(notices, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}
