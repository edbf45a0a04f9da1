public import Foundation

/// A file in the inbox that waits to be taken.
public struct InboxItem: Sendable, Hashable {
    /// The submission's identifier.
    public let id: String
    /// Where the file lies.
    public let path: String
    /// What the submitter calls it.
    public let fileName: String
    /// What the submitter chose.
    public let options: FileIngestion.Options
}

/// The watched folder: files go in, receipts come out.
///
/// A submission is two files, `<id>.data` and `<id>.json`; the second one appears last and makes it ready. Anybody may
/// also drop a plain `*.csv` or `*.csv.gz`: once it has not changed for two seconds it is taken as a submission with
/// default options. `archive/<id>.json` is the receipt; the data, which hold student identifiers, are deleted. One
/// process takes from an inbox; any number may drop. Every step is a rename, so that a crash at any moment loses
/// nothing and takes nothing twice: after a restart ``pending(now:)`` goes on where it stopped.
public struct Inbox: Sendable {
    /// The folder.
    public let directory: URL

    /// How long a file that was dropped plainly must not have changed, in seconds.
    static let settling: TimeInterval = 2
    /// How long remains of an interrupted drop may lie, in seconds.
    static let abandonment: TimeInterval = 3_600

    private var archive: URL { directory.appendingPathComponent("archive", isDirectory: true) }

    /// What `<id>.json` holds.
    private struct Ticket: Codable {
        var id: String
        var fileName: String
        var options: FileIngestion.Options
        /// The name of a file that was dropped plainly, in the inbox.
        var claims: String?
    }

    /// The inbox in a folder, which is created, for its owner alone, if it is not there.
    ///
    /// - Throws: ``InboxError`` when the folder cannot be created.
    public init(directory path: String) throws(InboxError) {
        directory = URL(fileURLWithPath: path, isDirectory: true)
        do {
            for folder in [directory, directory.appendingPathComponent("archive", isDirectory: true)] {
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            }
        } catch {
            throw InboxError("the inbox \(path) cannot be created", cause: error)
        }
    }

    /// Copies a file into the inbox.
    ///
    /// - `now`: the moment of the submission.
    ///
    /// Returns the submission's identifier.
    ///
    /// Throws ``InboxError`` when the file cannot be read or copied; then nothing is submitted.
    public func drop(
        file path: String,
        options: FileIngestion.Options = FileIngestion.Options(),
        now: Date = Date()
    ) throws(InboxError) -> String {
        let id = identifier(now)
        let source = URL(fileURLWithPath: path)
        do {
            try writeDurably(to: data(id)) { target in
                let input = try FileHandle(forReadingFrom: source)
                defer { try? input.close() }
                while let chunk = try input.read(upToCount: 1_048_576), !chunk.isEmpty {
                    try target.write(contentsOf: chunk)
                }
            }
            try write(Ticket(id: id, fileName: source.lastPathComponent, options: options), to: ticket(id))
        } catch {
            try? FileManager.default.removeItem(at: data(id))
            throw InboxError("\(path) cannot be submitted", cause: error)
        }
        return id
    }

    /// The submissions that wait, oldest first.
    ///
    /// Files that were dropped plainly and have settled become submissions, what an interrupted run left is tidied up.
    ///
    /// - Throws: ``InboxError`` when the folder cannot be read.
    public func pending(now: Date = Date()) throws(InboxError) -> [InboxItem] {
        do {
            try claimPlainFiles(now: now)
            try removeAbandoned(now: now)
            var items: [InboxItem] = []
            for name in try names() where name.hasSuffix(".json") {
                let id = String(name.dropLast(5))
                guard let ticket = readTicket(id) else { continue }
                if receiptExists(id) {
                    try remove(id)
                    continue
                }
                if let claimed = ticket.claims, !exists(data(id)) {
                    // Stopped between the ticket and the rename: finish it, or forget a file that is gone.
                    let plain = directory.appendingPathComponent(claimed)
                    guard exists(plain) else {
                        try remove(id)
                        continue
                    }
                    try FileManager.default.moveItem(at: plain, to: data(id))
                }
                guard exists(data(id)) else { continue }
                items.append(
                    InboxItem(id: id, path: data(id).path, fileName: ticket.fileName, options: ticket.options)
                )
            }
            return items.sorted { $0.id < $1.id }
        } catch {
            throw InboxError("the inbox \(directory.path) cannot be read", cause: error)
        }
    }

    /// Keeps the receipt and deletes the data.
    ///
    /// - Throws: ``InboxError`` when the receipt cannot be written; then the submission is still pending.
    public func archive(_ item: InboxItem, receipt: SubmissionReceipt) throws(InboxError) {
        do {
            try write(receipt, to: archived(item.id))
            try remove(item.id)
        } catch {
            throw InboxError("the receipt of \(item.id) cannot be kept", cause: error)
        }
    }

    /// The receipt of a submission; nil while it has none.
    ///
    /// - Throws: ``InboxError`` when it is there and cannot be read.
    public func receipt(_ id: String) throws(InboxError) -> SubmissionReceipt? {
        guard Inbox.isIdentifier(id), receiptExists(id) else { return nil }
        do {
            return try JSONDecoder().decode(SubmissionReceipt.self, from: Data(contentsOf: archived(id)))
        } catch {
            throw InboxError("the receipt of \(id) cannot be read", cause: error)
        }
    }

    /// Notes how far a submission has been taken, for whoever waits for it.
    ///
    /// Best effort: nothing depends on it.
    public func report(_ progress: FileIngestion.Progress, of item: InboxItem) {
        guard let bytes = try? JSONEncoder().encode(progress) else { return }
        try? bytes.write(to: progressFile(item.id), options: .atomic)
    }

    /// How far a submission has been taken; nil before and after.
    public func progress(of id: String) -> FileIngestion.Progress? {
        guard Inbox.isIdentifier(id), let bytes = FileManager.default.contents(atPath: progressFile(id).path) else {
            return nil
        }
        return try? JSONDecoder().decode(FileIngestion.Progress.self, from: bytes)
    }

    private func claimPlainFiles(now: Date) throws {
        var claimed: Set<String> = []
        for name in try names() where name.hasSuffix(".json") {
            if let plain = readTicket(String(name.dropLast(5)))?.claims { claimed.insert(plain) }
        }
        for name in try names() where name.hasSuffix(".csv") || name.hasSuffix(".csv.gz") {
            let plain = directory.appendingPathComponent(name)
            guard !name.hasPrefix("."), !claimed.contains(name), let changed = changed(plain) else { continue }
            guard now.timeIntervalSince(changed) >= Inbox.settling else { continue }
            let id = identifier(changed)
            // The ticket first: a crash before the rename leaves both, and the rename is made up for.
            try write(Ticket(id: id, fileName: name, options: FileIngestion.Options(), claims: name), to: ticket(id))
            try FileManager.default.moveItem(at: plain, to: data(id))
        }
    }

    /// Deletes data without a ticket, and drafts, that nobody has written to for an hour: they hold identifiers.
    private func removeAbandoned(now: Date) throws {
        for name in try names() where name.hasSuffix(".data") || name.hasSuffix(".draft") || name.hasSuffix(".progress")
        {
            let file = directory.appendingPathComponent(name)
            if name.hasSuffix(".data"), exists(ticket(String(name.dropLast(5)))) { continue }
            guard let changed = changed(file), now.timeIntervalSince(changed) >= Inbox.abandonment else { continue }
            try FileManager.default.removeItem(at: file)
        }
    }

    /// Deletes a submission's data, then its ticket: the other way round the data could be left.
    private func remove(_ id: String) throws {
        for file in [progressFile(id), data(id), ticket(id)] where exists(file) {
            try FileManager.default.removeItem(at: file)
        }
    }

    private func write(_ value: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(value)
        try writeDurably(to: file) { try $0.write(contentsOf: bytes) }
    }

    /// Writes a draft for its owner alone, forces it to the disk, and gives it its name.
    private func writeDurably(to file: URL, _ body: (FileHandle) throws -> Void) throws {
        let files = FileManager.default
        let draft = file.deletingLastPathComponent().appendingPathComponent(".\(file.lastPathComponent).draft")
        do {
            guard files.createFile(atPath: draft.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw InboxError("\(draft.path) cannot be created: is the disk full, or the folder somebody else's?")
            }
            let handle = try FileHandle(forWritingTo: draft)
            defer { try? handle.close() }
            try body(handle)
            try handle.synchronize()
            if files.fileExists(atPath: file.path) { try files.removeItem(at: file) }
            try files.moveItem(at: draft, to: file)
            // The name is on the disk when its folder is.
            let folder = try FileHandle(forReadingFrom: file.deletingLastPathComponent())
            defer { try? folder.close() }
            try folder.synchronize()
        } catch {
            try? files.removeItem(at: draft)
            throw error
        }
    }

    private func readTicket(_ id: String) -> Ticket? {
        guard Inbox.isIdentifier(id), let bytes = FileManager.default.contents(atPath: ticket(id).path),
            let read = try? JSONDecoder().decode(Ticket.self, from: bytes), read.id == id,
            read.claims?.contains("/") != true
        else { return nil }
        return read
    }

    private func identifier(_ moment: Date) -> String {
        var random = SystemRandomNumberGenerator()
        let milliseconds = Int64((max(0, moment.timeIntervalSince1970) * 1_000).rounded(.down))
        return SubmissionIdentifier.make(at: milliseconds, using: &random)
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory.path) }
    private func data(_ id: String) -> URL { directory.appendingPathComponent("\(id).data") }
    private func ticket(_ id: String) -> URL { directory.appendingPathComponent("\(id).json") }
    private func progressFile(_ id: String) -> URL { directory.appendingPathComponent("\(id).progress") }
    private func archived(_ id: String) -> URL { archive.appendingPathComponent("\(id).json") }
    private func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
    private func receiptExists(_ id: String) -> Bool { exists(archived(id)) }

    private func changed(_ file: URL) -> Date? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        return attributes?[.modificationDate] as? Date
    }

    /// Whether a name can be a submission's, so that it can't lead out of the folder.
    private static func isIdentifier(_ id: String) -> Bool {
        !id.isEmpty
            && id.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || byte == UInt8(ascii: "T") || byte == UInt8(ascii: "Z") || byte == UInt8(ascii: "-")
            }
    }
}

/// Why something in the inbox could not be done.
public struct InboxError: Error, Sendable, CustomStringConvertible {
    /// What could not be done.
    public let message: String
    /// Why.
    public let cause: (any Error)?

    init(_ message: String, cause: (any Error)? = nil) {
        self.message = message
        self.cause = cause
    }

    /// Message and cause.
    public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
