public import Foundation
import Messages
public import Stages
public import Streaming
import Synchronization

/// A copy of everything that this home has written to the ledger of its local broker.
///
/// Each transaction has a file with its pseudonymised records.
///
/// The local broker keeps its data in memory and saves a snapshot now and then. Records since the last snapshot are
/// lost when it dies, and sometimes when it stops. They are then written again from the archive.
public struct LedgerArchive: Sendable {
    /// The folder: `ledger` in the home.
    public let folder: URL

    /// The archive of a home.
    public init(_ home: Home) {
        folder = home.directory.appendingPathComponent("ledger", isDirectory: true)
    }

    /// The archive for a connection; nil if its broker is not the home's own.
    public init?(_ connection: Connection) {
        guard let installation = connection.installation, installation.ownsBroker,
            installation.namespace == connection.pipeline.namespace
        else { return nil }
        self.init(connection.home)
    }

    /// A record of the ledger.
    public struct Entry: Sendable, Hashable {
        /// The partition.
        public var partition: Int32
        /// The key.
        public var key: [UInt8]
        /// The value; nil is a tombstone.
        public var value: [UInt8]?
        /// The type of the record.
        public var eventType: String
        /// The cause.
        public var cause: String

        /// A record.
        public init(partition: Int32, key: [UInt8], value: [UInt8]?, eventType: String, cause: String) {
            self.partition = partition
            self.key = key
            self.value = value
            self.eventType = eventType
            self.cause = cause
        }

        /// Identifies it among the records of its partition.
        public var digest: Digest {
            var bytes = key
            bytes.append(value == nil ? 0 : 1)
            bytes += value ?? []
            return Digest(bytes.span)
        }

        /// Sends it.
        public func send(to sink: any RecordSink, topic: String) throws {
            func send(_ bytes: Span<UInt8>?) throws {
                try sink.send(
                    topic: topic,
                    partition: partition,
                    key: key.span,
                    value: bytes,
                    eventType: eventType,
                    cause: cause
                )
            }
            if let value { try send(value.span) } else { try send(nil) }
        }

        /// Its bytes in a file: each field follows its length.
        fileprivate func append(to data: inout Data) {
            func append(_ number: Int) {
                for shift in stride(from: 24, through: 0, by: -8) {
                    data.append(UInt8(truncatingIfNeeded: number >> shift))
                }
            }
            append(Int(partition))
            for field in [key, value, Array(eventType.utf8), Array(cause.utf8)] {
                append(field?.count ?? -1)
                data.append(contentsOf: field ?? [])
            }
        }
    }

    // MARK: Files

    /// The extension of a file whose transaction was committed; `draft` while this is unknown.
    static let kept = "entries"
    static let draft = "draft"
    /// The suffix of a file that contains all earlier files.
    private static let whole = "-whole"

    /// The files in the order of the ledger, including drafts, without files that a whole file replaces.
    public func files() -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let files = names.filter(Self.isFile).sorted()
        let first = files.lastIndex { $0.hasSuffix("\(Self.whole).\(Self.kept)") } ?? 0
        return files[min(first, files.count)...].map { folder.appendingPathComponent($0) }
    }

    /// Files that are still being written under another name do not count.
    private static func isFile(_ name: String) -> Bool {
        !name.hasPrefix(".") && (name.hasSuffix(".\(kept)") || name.hasSuffix(".\(draft)"))
    }

    /// The newest file of a folder, as far as this process knows.
    struct Newest {
        private var moment: Int64 = 0
        /// How far the machine's clock was ahead of the monotonic clock.
        private var ahead: Int64?

        /// A time later than those of all files and of the clocks, in milliseconds.
        ///
        /// - Parameters:
        ///   - now: the time of the machine's clock.
        ///   - unset: the monotonic clock's.
        ///   - newest: searches the folder, which grows with every submission. It is called only if the clock was set
        ///     since the last call, because another process may have written files before.
        /// - Returns: the time.
        mutating func next(now: Int64, unset: Int64, _ newest: () -> Int64) -> Int64 {
            let ahead = now - unset
            if self.ahead.map({ abs($0 - ahead) >= 100 }) ?? true { moment = max(moment, newest()) }
            self.ahead = ahead
            moment = max(now, moment + 1)
            return moment
        }
    }

    private static let newest = Mutex<[URL: Newest]>([:])
    private static let unset = ContinuousClock.now

    /// A name that sorts after all existing names, whatever the clock says.
    private func nextName(_ name: String) -> String {
        let unset = Int64((ContinuousClock.now - Self.unset) / .milliseconds(1))
        let moment = Self.newest.withLock { known in
            known[folder, default: Newest()]
                .next(now: Int64(Date().timeIntervalSince1970 * 1000), unset: unset) {
                    files().last.flatMap { Int64($0.lastPathComponent.prefix { $0 != "-" }) } ?? 0
                }
        }
        return "\(moment)-\(name)"
    }

    /// The complete entries of a file; a draft may be truncated.
    public static func entries(_ file: URL) throws -> [Entry] {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw Failure(.configuration, "\(file.path) cannot be read: does the folder belong to another user?")
        }
        let bytes = [UInt8](data)
        var place = 0
        func number() -> Int? {
            guard place + 4 <= bytes.count else { return nil }
            let value = bytes[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            place += 4
            return Int(Int32(bitPattern: value))
        }
        func field() -> [UInt8]?? {
            guard let length = number() else { return nil }
            guard length >= 0 else { return .some(nil) }
            guard place + length <= bytes.count else { return nil }
            defer { place += length }
            return Array(bytes[place..<place + length])
        }
        var entries: [Entry] = []
        while place < bytes.count {
            guard let partition = number(), let key = field(), let value = field(), let type = field(),
                let cause = field(), let key, let type, let cause
            else {
                if file.pathExtension == Self.draft { break }
                throw Failure(
                    .configuration,
                    "\(file.path) is damaged after \(entries.count) records. Move it away and submit its file again"
                )
            }
            entries.append(
                Entry(
                    partition: Int32(truncatingIfNeeded: partition),
                    key: key,
                    value: value,
                    eventType: String(decoding: type, as: UTF8.self),
                    cause: String(decoding: cause, as: UTF8.self)
                )
            )
        }
        return entries
    }

    /// The name of a file's submission or act.
    public static func name(_ file: URL) -> String {
        String(file.deletingPathExtension().lastPathComponent.drop { $0 != "-" }.dropFirst())
    }

    /// The submissions and acts that have drafts.
    public func drafts() -> Set<String> {
        Set(files().filter { $0.pathExtension == Self.draft }.map(Self.name))
    }

    /// Removes the drafts of a submission that are known not to be committed.
    public func removeDrafts(of submission: String) {
        for file in files() where file.pathExtension == Self.draft && Self.name(file) == submission {
            try? FileManager.default.removeItem(at: file)
        }
    }

    /// Writes a file that replaces all existing files.
    ///
    /// Needs the exclusive lock.
    public func replaceAll(with entries: [Entry]) throws {
        let file = folder.appendingPathComponent("\(nextName("all\(Self.whole)")).\(Self.kept)")
        do {
            try makeFolder()
            try DurableFile.write(to: file) { handle in
                var data = Data()
                for entry in entries {
                    entry.append(to: &data)
                    guard data.count > 1 << 20 else { continue }
                    try handle.write(contentsOf: data)
                    data.removeAll(keepingCapacity: true)
                }
                try handle.write(contentsOf: data)
            }
        } catch {
            throw Failure(.tryAgain, "\(file.path) cannot be written: \(FileErrorText.words(error))")
        }
        // Also remove files that an earlier run left when it died here.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        where Self.isFile(name) && name < file.lastPathComponent {
            try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
    }

    private func makeFolder() throws {
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    // MARK: The lock

    /// The lock of an archive: many writers share it, or one comparison has it alone.
    ///
    /// The system releases it when its owner ends for any reason.
    public final class Lock: Sendable {
        private let handle: FileHandle

        fileprivate init?(_ folder: URL, isAlone: Bool) {
            let path = folder.appendingPathComponent(".lock").path
            guard let handle = LockFile.open(path) else { return nil }
            guard flock(handle.fileDescriptor, (isAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else {
                try? handle.close()
                return nil
            }
            self.handle = handle
        }

        /// Releases it.
        public func release() { try? handle.close() }
    }

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - isAlone: true for a comparison, false for a writer.
    ///   - patience: how long to wait for others.
    /// - Returns: the lock, held until it is released.
    /// - Throws: ``Failure`` with ``ExitStatus/tryAgain`` if others still hold it after that time.
    public func lock(isAlone: Bool, patience: Duration = .seconds(60)) throws -> Lock {
        do {
            try makeFolder()
        } catch {
            throw Failure(.tryAgain, "\(folder.path) cannot be made: \(FileErrorText.words(error))")
        }
        let deadline = ContinuousClock.now + patience
        while true {
            if let lock = Lock(folder, isAlone: isAlone) { return lock }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .tryAgain,
                    "\(folder.path): \(isAlone ? "another command writes to the ledger" : "the ledger is being compared with it"); try again in a moment"
                )
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Copies one transaction to the archive while it is sent to the broker.
    public final class Writer: RecordSink {
        private let sink: any RecordSink
        private let draft: URL
        private let handle: FileHandle
        private let lock: Lock
        private let topic: String
        private var buffer = Data()
        private var isEmpty = true

        /// A writer of a transaction.
        ///
        /// - `name`: the name of the submission or act, used in the file name.
        public init(_ archive: LedgerArchive, _ pipeline: Pipeline, name: String, into sink: any RecordSink) throws {
            self.sink = sink
            topic = pipeline.name(Topics.submissions)
            lock = try archive.lock(isAlone: false)
            draft = archive.folder.appendingPathComponent("\(archive.nextName(name)).\(LedgerArchive.draft)")
            guard
                FileManager.default.createFile(
                    atPath: draft.path,
                    contents: nil,
                    attributes: [.posixPermissions: 0o600]
                ), let handle = FileHandle(forWritingAtPath: draft.path)
            else {
                throw Failure(.tryAgain, "\(draft.path) cannot be written: check that the disk is not full")
            }
            self.handle = handle
        }

        /// Sends a record, and archives it if it goes to the ledger.
        public func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) throws {
            if topic == self.topic {
                isEmpty = false
                let bytes: [UInt8]? = if let value { [UInt8](copying: value) } else { nil }
                Entry(
                    partition: partition,
                    key: [UInt8](copying: key),
                    value: bytes,
                    eventType: eventType,
                    cause: cause
                )
                .append(to: &buffer)
                if buffer.count > 1 << 20 { try spill() }
            }
            try sink.send(
                topic: topic,
                partition: partition,
                key: key,
                value: value,
                eventType: eventType,
                cause: cause
            )
        }

        private func spill() throws {
            do {
                try handle.write(contentsOf: buffer)
                buffer.removeAll(keepingCapacity: true)
            } catch {
                throw Failure(.tryAgain, "\(draft.path) cannot be written: \(FileErrorText.words(error))")
            }
        }

        /// Call before the commit: flushes everything to the disk.
        public func prepare() throws {
            try spill()
            do {
                try handle.synchronize()
            } catch {
                throw Failure(.tryAgain, "\(draft.path) cannot be written: \(FileErrorText.words(error))")
            }
        }

        /// Call after the commit.
        public func keep() throws {
            guard !isEmpty else { return discard() }
            defer { lock.release() }
            try? handle.close()
            do {
                try FileManager.default.moveItem(
                    at: draft,
                    to: draft.deletingPathExtension().appendingPathExtension(LedgerArchive.kept)
                )
            } catch {
                throw Failure(.tryAgain, "\(draft.path) cannot be renamed: \(FileErrorText.words(error))")
            }
        }

        /// Call after an abort.
        ///
        /// If it is unknown whether the transaction was committed, the draft stays, and the next comparison decides.
        public func discard() {
            defer { lock.release() }
            try? handle.close()
            try? FileManager.default.removeItem(at: draft)
        }
    }
}
