public import Foundation
import Messages
public import Stages
public import Streaming
import Synchronization

/// What this home has written to the ledger of its own local broker: a file for each transaction, with the records as
/// they went there, pseudonymised.
///
/// The local broker keeps its data in memory and writes a picture of it now and then. What it acknowledged since the
/// last one is gone when it dies, and sometimes when it is stopped. From the archive it is written again.
public struct LedgerArchive: Sendable {
    /// The folder: `ledger` in the home.
    public let folder: URL

    /// The archive of a home.
    public init(_ home: Home) {
        folder = home.directory.appendingPathComponent("ledger", isDirectory: true)
    }

    /// The archive of the home that a connection is of; nil where its broker is not the home's own.
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
        /// What made it necessary.
        public var cause: String

        /// A record.
        public init(partition: Int32, key: [UInt8], value: [UInt8]?, eventType: String, cause: String) {
            self.partition = partition
            self.key = key
            self.value = value
            self.eventType = eventType
            self.cause = cause
        }

        /// Tells it from other records of its partition.
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

        /// Its bytes in a file: each field behind its length.
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

    /// A file whose transaction was committed; `draft` while nobody knows.
    static let kept = "entries"
    static let draft = "draft"
    /// Ends the name of a file that holds everything of the files before it.
    private static let whole = "-whole"

    /// The files in the order of the ledger, drafts too; what a whole one replaces is left out.
    public func files() -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let files = names.filter(Self.isFile).sorted()
        let first = files.lastIndex { $0.hasSuffix("\(Self.whole).\(Self.kept)") } ?? 0
        return files[min(first, files.count)...].map { folder.appendingPathComponent($0) }
    }

    /// What is being made under another name is none yet.
    private static func isFile(_ name: String) -> Bool {
        !name.hasPrefix(".") && (name.hasSuffix(".\(kept)") || name.hasSuffix(".\(draft)"))
    }

    /// The newest file of a folder, as far as this process knows.
    struct Newest {
        private var moment: Int64 = 0
        /// By how much the machine's clock was ahead of the one that nobody sets.
        private var ahead: Int64?

        /// A moment behind those of all files, in milliseconds; the clocks' too.
        ///
        /// - Parameters:
        ///   - now: by the machine's clock.
        ///   - unset: by the one that only goes forwards.
        ///   - newest: looks through the folder, which grows with every submission: only where the clock was set since
        ///     the last look, as another process may have written files before.
        /// - Returns: the moment.
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

    /// A name that sorts behind all that are there, whatever the clock says.
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

    /// The entries of a file; of a draft that was cut off those that are whole.
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
                    "\(file.path) is damaged behind \(entries.count) records. Move it away and submit its file again"
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

    /// The name of the submission or act that a file is of.
    public static func name(_ file: URL) -> String {
        String(file.deletingPathExtension().lastPathComponent.drop { $0 != "-" }.dropFirst())
    }

    /// Submissions and acts of which there are drafts.
    public func drafts() -> Set<String> {
        Set(files().filter { $0.pathExtension == Self.draft }.map(Self.name))
    }

    /// Removes the drafts of a submission: of attempts of which it is known that they were not committed.
    public func removeDrafts(of submission: String) {
        for file in files() where file.pathExtension == Self.draft && Self.name(file) == submission {
            try? FileManager.default.removeItem(at: file)
        }
    }

    /// Writes a file that replaces all that are there.
    ///
    /// Only under the lock that stands alone.
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
        // Those too that a life before this one left when it died here.
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

    /// Who is at work on an archive: writers side by side, or one comparison alone.
    ///
    /// The system releases it when its owner ends, however that ends.
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

        /// Gives it back.
        public func release() { try? handle.close() }
    }

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - isAlone: for a comparison; otherwise for a writer, of which there may be many.
    ///   - patience: how long others are waited for.
    /// - Returns: the lock, which holds until it is given back.
    /// - Throws: ``Failure`` with ``ExitStatus/tryAgain`` where they are still at work then.
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

    /// Takes one transaction into the archive while it goes to the broker.
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
        /// - `name`: of the submission or act; it stands in the name of the file.
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
                throw Failure(.tryAgain, "\(draft.path) cannot be written: is the disk full?")
            }
            self.handle = handle
        }

        /// Sends a record, and keeps it if it is the ledger's.
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

        /// Before the commit: everything lies on the disk.
        public func prepare() throws {
            try spill()
            do {
                try handle.synchronize()
            } catch {
                throw Failure(.tryAgain, "\(draft.path) cannot be written: \(FileErrorText.words(error))")
            }
        }

        /// After the commit.
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

        /// After an abort.
        ///
        /// Where nobody knows whether the transaction was committed, the draft stays, and the next comparison finds
        /// out.
        public func discard() {
            defer { lock.release() }
            try? handle.close()
            try? FileManager.default.removeItem(at: draft)
        }
    }
}
