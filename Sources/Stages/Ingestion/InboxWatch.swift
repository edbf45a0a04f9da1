import Foundation
import Synchronization
import Tables

/// Watches whether files still change, and gives submissions names that sort in the order in which they were claimed.
final class InboxWatch: Sendable {
    private struct Observation {
        var size: Int
        var changed: Date
        var file: UInt64
        /// Since when it has been as it is.
        var since: Date
        /// Whether it has been so for long enough, even if the clock was set back since.
        var hasSettled = false
    }

    private struct State {
        var observations: [String: Observation] = [:]
        var newest: Int64 = 0
    }

    private let state = Mutex(State())

    /// Whether a file has not changed for two seconds and no program has it open for writing, or has not changed for a
    /// minute.
    ///
    /// Changes show in size, time and identity of a file. A file time in the past is trusted. A file with a time in the
    /// future must be watched.
    func isSettled(_ url: URL, now: Date) -> Bool {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: url.path) else { return false }
        let changed = attributes[.modificationDate] as? Date ?? now
        let seen = Observation(
            size: (attributes[.size] as? NSNumber)?.intValue ?? 0,
            changed: changed,
            file: (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0,
            since: min(changed, now)
        )
        let isFuture = changed > now
        let quiet = state.withLock { state in
            let key = url.lastPathComponent
            var current = seen
            if let before = state.observations[key] {
                let isSame =
                    before.size == seen.size && before.changed == seen.changed && before.file == seen.file
                current = isSame ? before : current
                if !isSame { current.since = now }
            } else if isFuture {
                current.since = now
            }
            let quiet = now.timeIntervalSince(current.since)
            if quiet >= Inbox.settling { current.hasSettled = true }
            state.observations[key] = current
            return current.hasSettled ? max(quiet, Inbox.settling) : quiet
        }
        guard quiet >= Inbox.settling else { return false }
        return quiet >= Inbox.patience || !isBeingWritten(url)
    }

    /// Whether a file has been as it is for so long that it no longer waits for others.
    func isImpatient(_ name: String, now: Date) -> Bool {
        state.withLock { now.timeIntervalSince($0.observations[name]?.since ?? now) >= Inbox.patience }
    }

    /// Keeps the observations of a renamed file.
    func rename(_ name: String, to other: String) {
        state.withLock { $0.observations[other] = $0.observations.removeValue(forKey: name) }
    }

    /// Forgets the plain files that are gone.
    func forget(except names: [String]) {
        let kept = Set(names)
        state.withLock { state in
            state.observations = state.observations.filter { kept.contains($0.key) || $0.key.hasSuffix(".data") }
            // Thousands of data files come and go. Forget them all; files that still exist are watched again.
            if state.observations.count > kept.count + 1_000 {
                state.observations = state.observations.filter { kept.contains($0.key) }
            }
        }
    }

    /// A name that sorts after all earlier names.
    func identifier(_ milliseconds: Int64) -> String {
        let moment = state.withLock { state in
            state.newest = max(milliseconds, state.newest + 1)
            return state.newest
        }
        return SubmissionIdentifier.make(at: moment)
    }

    /// Whether a program has a file open for writing, if the system can tell.
    ///
    /// Linux grants a read lease only if no program has (fcntl(2)).
    ///
    /// It does not grant one for files of other users, nor on every file system.
    private func isBeingWritten(_ url: URL) -> Bool {
        _ = Self.signalIsIgnored
        guard let file = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? file.close() }
        guard fcntl(file.fileDescriptor, Self.setLease, Int32(F_RDLCK)) != 0 else {
            _ = fcntl(file.fileDescriptor, Self.setLease, Int32(F_UNLCK))
            return false
        }
        return errno == EAGAIN
    }

    /// If another process opens the file during the lease, this process gets SIGIO, which would end it without a
    /// handler.
    private static let signalIsIgnored: Bool = {
        signal(29, SIG_IGN)
        return true
    }()

    /// F_SETLEASE, which only GNU's own headers show.
    private static let setLease: Int32 = 1024
}

/// Something in the inbox that is not taken, or taken with a doubt.
public struct InboxOddity: Sendable, Hashable {
    /// Its name, as it may be shown.
    public let name: String
    /// What is wrong with it.
    public let why: String
    /// What to do.
    public let remedy: String

    init(_ name: String, _ why: String, _ remedy: String) {
        self.name = PlainText.escaped(name, limit: 100)
        self.why = why
        self.remedy = remedy
    }
}

/// Why something in the inbox could not be done.
public struct InboxError: Error, Sendable, CustomStringConvertible {
    /// What could not be done.
    public let message: String
    /// Why.
    public let cause: (any Error)?

    /// An error.
    public init(_ message: String, cause: (any Error)? = nil) {
        self.message = message
        self.cause = cause
    }

    /// Whether the disk is full, so that the same may succeed later.
    public var isDiskFull: Bool {
        var error = cause
        while let next = error {
            if let nested = next as? InboxError {
                error = nested.cause
                continue
            }
            if let posix = next as? POSIXError { return posix.code == .ENOSPC || posix.code == .EDQUOT }
            if let cocoa = next as? CocoaError, cocoa.code == .fileWriteOutOfSpace { return true }
            let bridged = next as NSError
            if bridged.domain == NSPOSIXErrorDomain {
                return bridged.code == Int(ENOSPC) || bridged.code == Int(EDQUOT)
            }
            error = bridged.userInfo[NSUnderlyingErrorKey] as? any Error
        }
        return false
    }

    /// Message and cause, in words.
    public var description: String {
        if isDiskFull { return "\(message): the disk is full; free space, then try again" }
        switch cause {
        case nil: return message
        case let error as InboxError: return "\(message): \(error.description)"
        case let error?: return "\(message): \(error.localizedDescription)"
        }
    }
}
