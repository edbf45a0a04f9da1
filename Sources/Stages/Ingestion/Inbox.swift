import Crypto
public import Foundation
import Messages
import Synchronization
import Tables

/// A file in the inbox that waits to be taken.
public struct InboxItem: Sendable, Hashable {
    /// The submission's identifier.
    public let id: String
    /// The path of the file.
    public let path: String
    /// The submitter's name for it.
    public let fileName: String
    /// The submitter's options.
    public let options: FileIngestion.Options
    /// Whether it was dropped as a plain file, so that it may still be being written.
    public let isPlain: Bool
    /// How often taking it failed.
    public let failures: Int
    /// How often taking it was begun without a word of how it ended: the process died.
    public let silentEnds: Int
}

/// The watched folder: files go in, receipts come out.
///
/// A submission is two files, `<id>.data` and `<id>.json`. The second one appears last and makes the submission ready.
/// Anyone may also drop a plain `*.csv` or `*.csv.gz` (in any case). It is best to copy it under a name that begins
/// with a dot and then rename it. Plain files are taken together, organizations first, directives last, the others by
/// name, once none of them has changed for two seconds and no program has them open for writing. A file that grows
/// later is taken again. ``oddities(now:)`` lists the files that are not taken.
///
/// `archive/<id>.json` is the receipt; the data, which hold student identifiers, are deleted. Only one process takes
/// files from an inbox; any number may drop files. Every step is a rename, so a crash at any moment loses nothing and
/// takes nothing twice. After a restart ``pending(now:)`` continues where it stopped.
public struct Inbox: Sendable {
    /// The folder.
    public let directory: URL

    /// How long a file that was dropped plainly must not have changed, in seconds.
    static let settling: TimeInterval = 2
    /// How long settled files wait for others that are still being written, and for programs that keep them open, in
    /// seconds.
    static let patience: TimeInterval = 60
    /// How long the remains of an interrupted drop are kept, in seconds.
    static let abandonment: TimeInterval = 3_600
    /// After how many failures a file is set aside.
    static let mostFailures = 2
    /// After how many ends without a word: a process may be killed for reasons of its own, so there are more.
    static let mostSilentEnds = 5

    var archive: URL { directory.appendingPathComponent("archive", isDirectory: true) }
    var aside: URL { directory.appendingPathComponent("aside", isDirectory: true) }
    let watch = InboxWatch()

    /// The content of `<id>.json`.
    struct Ticket: Codable {
        var id: String
        var fileName: String
        var options: FileIngestion.Options
        /// The name of a file that was dropped plainly, in the inbox.
        var claims: String?
        /// How often taking it failed.
        var failures: Int?
        /// How often taking it was begun since it last ended in order.
        var begun: Int?
    }

    /// The inbox in a folder, which is created if it is not there; only its owner may enter it.
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

    /// The names of the files in the folder, unsorted.
    ///
    /// They change when a file is added or removed.
    public var content: [String]? { try? FileManager.default.contentsOfDirectory(atPath: directory.path) }

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
        let id = SubmissionIdentifier.make(at: Self.milliseconds(now))
        let source = URL(fileURLWithPath: path)
        do {
            try DurableFile.write(to: data(id)) { target in
                let input = try FileHandle(forReadingFrom: source)
                defer { try? input.close() }
                while let chunk = try input.read(upToCount: 1_048_576), !chunk.isEmpty {
                    try target.write(contentsOf: chunk)
                }
            }
            let name = PlainText.escaped(source.lastPathComponent, limit: 200)
            try write(Ticket(id: id, fileName: name, options: options), to: ticket(id))
        } catch {
            try? FileManager.default.removeItem(at: data(id))
            throw InboxError("\(path) cannot be submitted", cause: error)
        }
        return id
    }

    /// The submissions that wait, oldest first.
    ///
    /// Plain files that no longer change become submissions. The remains of an interrupted run are removed.
    ///
    /// - Throws: ``InboxError`` when the folder cannot be read.
    public func pending(now: Date = Date()) throws(InboxError) -> [InboxItem] {
        do {
            let names = try names()
            var tickets = names.filter { $0.hasSuffix(".json") }.compactMap { readTicket(String($0.dropLast(5))) }
            tickets += try claimPlainFiles(among: names, beside: tickets, now: now)
            try removeAbandoned(among: names, now: now)
            try finishClaims(tickets)
            var items: [InboxItem] = []
            for ticket in tickets {
                let id = ticket.id
                if receiptExists(id) {
                    try remove(id)
                    continue
                }
                guard exists(data(id)), ticket.claims == nil || watch.isSettled(data(id), now: now) else { continue }
                items.append(
                    InboxItem(
                        id: id,
                        path: data(id).path,
                        fileName: PlainText.escaped(ticket.fileName, limit: 200),
                        options: ticket.options,
                        isPlain: ticket.claims != nil,
                        failures: ticket.failures ?? 0,
                        silentEnds: ticket.begun ?? 0
                    )
                )
            }
            return items.sorted { $0.id < $1.id }
        } catch {
            throw InboxError("the inbox \(directory.path) cannot be read", cause: error)
        }
    }

    /// Keeps the receipt and deletes the data.
    ///
    /// If a plain file grew after its receipt, it becomes a new submission. The rows taken before count as unchanged in
    /// it.
    ///
    /// - Throws: ``InboxError`` when the receipt cannot be written; then the submission is still pending.
    public func archive(_ item: InboxItem, receipt: SubmissionReceipt) throws(InboxError) {
        do {
            if item.isPlain, receipt.status == .committed, try sha256(item.path) != receipt.sha256 {
                let id = watch.identifier(Self.milliseconds(Date()))
                let next = Ticket(id: id, fileName: item.fileName, options: item.options, claims: "\(item.id).data")
                try write(next, to: ticket(id))
                try write(receipt, to: archived(item.id))
                try FileManager.default.moveItem(at: data(item.id), to: data(id))
                return try remove(item.id)
            }
            try write(receipt, to: archived(item.id))
            try remove(item.id)
        } catch {
            throw InboxError("the receipt of \(item.id) cannot be kept", cause: error)
        }
    }

    /// Notes that a submission is being taken, so that a process that dies over it leaves a trace.
    ///
    /// - Throws: ``InboxError`` when it cannot be written.
    public func begin(_ item: InboxItem) throws(InboxError) {
        try note(item) { $0.begun = ($0.begun ?? 0) + 1 }
    }

    /// Notes that taking a submission ended in order, and whether it failed for reasons of its own.
    ///
    /// It is still pending.
    ///
    /// - Throws: ``InboxError`` when it cannot be written.
    public func end(_ item: InboxItem, failed: Bool) throws(InboxError) {
        try note(item) { ticket in
            ticket.begun = nil
            if failed { ticket.failures = (ticket.failures ?? 0) + 1 }
        }
    }

    private func note(_ item: InboxItem, _ change: (inout Ticket) -> Void) throws(InboxError) {
        guard var ticket = readTicket(item.id) else { return }
        change(&ticket)
        do {
            // No need to force it to the disk: written data survives the death of the process.
            try JSONEncoder().encode(ticket).write(to: self.ticket(item.id), options: .atomic)
        } catch {
            throw InboxError("the ticket of \(item.id) cannot be written", cause: error)
        }
    }

    /// Whether a submission failed so often that it is to be set aside.
    public func isHopeless(_ item: InboxItem) -> Bool {
        item.failures >= Self.mostFailures || item.silentEnds >= Self.mostSilentEnds
    }

    /// The path of a submission that was set aside.
    public func placeAside(_ item: InboxItem) -> String { aside.appendingPathComponent("\(item.id).data").path }

    /// Keeps the receipt of a submission that failed too often, and moves its data out of the way.
    ///
    /// - Throws: ``InboxError`` when it cannot be moved; then the submission is still pending.
    public func setAside(_ item: InboxItem, receipt: SubmissionReceipt) throws(InboxError) {
        do {
            try FileManager.default.createDirectory(
                at: aside,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try write(receipt, to: archived(item.id))
            try FileManager.default.moveItem(at: data(item.id), to: aside.appendingPathComponent("\(item.id).data"))
            try remove(item.id)
        } catch {
            throw InboxError("\(item.id) cannot be set aside", cause: error)
        }
    }

    /// Submissions that were set aside.
    public func asideNames() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: aside.path)) ?? []).sorted()
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

    /// Notes the progress of a submission for a waiting `submit`.
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

    /// Deletes a submission's data, then its ticket: the other way round the data could be left.
    func remove(_ id: String) throws {
        for file in [progressFile(id), data(id), ticket(id)] where exists(file) {
            try FileManager.default.removeItem(at: file)
        }
    }
}
