public import Foundation
import Messages
import Tables

/// Plain files that were put into the folder: when they are taken, in which order, and which problems they have.
extension Inbox {
    /// Turns plain files into submissions once none of them changes any more, so that the files of a copied year are
    /// taken in order.
    ///
    /// Files that have waited for a minute are taken anyway.
    ///
    /// - Parameters:
    ///   - names: what the folder contains.
    ///   - tickets: the submissions that wait.
    ///   - now: the moment.
    /// - Returns: the tickets of the new submissions.
    /// - Throws: the errors of the file system.
    func claimPlainFiles(among names: [String], beside tickets: [Ticket], now: Date) throws -> [Ticket] {
        let claimed = Set(tickets.compactMap(\.claims))
        let plain = names.filter {
            Self.isPlain($0) && !claimed.contains($0) && changed(directory.appendingPathComponent($0)) != nil
        }
        let settled = plain.filter { watch.isSettled(directory.appendingPathComponent($0), now: now) }
        watch.forget(except: plain)
        let ready = settled.count == plain.count ? settled : settled.filter { watch.isImpatient($0, now: now) }
        var made: [Ticket] = []
        for name in ready.sorted(by: { Self.comesBefore((rank($0), $0), (rank($1), $1)) }) {
            let id = watch.identifier(Self.milliseconds(now))
            let shown = PlainText.escaped(name, limit: 200)
            // The ticket first: a crash before the rename leaves both, and the rename is made up for.
            // Who put it there is the account that the file is of.
            let options = FileIngestion.Options(
                submittedBy: owner(of: directory.appendingPathComponent(name)),
                channel: .inbox
            )
            let ticket = Ticket(id: id, fileName: shown, options: options, claims: name)
            try write(ticket, to: self.ticket(id))
            try FileManager.default.moveItem(at: directory.appendingPathComponent(name), to: data(id))
            watch.rename(name, to: data(id).lastPathComponent)
            made.append(ticket)
        }
        return made
    }

    /// Makes the renames for which a process that stopped left a ticket, and forgets tickets of files that are gone.
    func finishClaims(_ tickets: [Ticket]) throws {
        for ticket in tickets {
            let id = ticket.id
            guard let claimed = ticket.claims, !receiptExists(id), !exists(data(id)) else { continue }
            // An earlier submission still has to write its receipt; the file is claimed after that.
            if claimed.hasSuffix(".data"), !receiptExists(String(claimed.dropLast(5))) { continue }
            let plain = directory.appendingPathComponent(claimed)
            if exists(plain) {
                try FileManager.default.moveItem(at: plain, to: data(id))
            } else {
                try remove(id)
            }
        }
    }

    /// The account that owns a file; nil if the system has no name for it, or the file is gone.
    private func owner(of file: URL) -> String? {
        try? FileManager.default.attributesOfItem(atPath: file.path)[.ownerAccountName] as? String
    }

    private static func comesBefore(_ left: (rank: Int, name: String), _ right: (rank: Int, name: String)) -> Bool {
        (left.rank, left.name) < (right.rank, right.name)
    }

    /// Organizations come first, as everything names them, and directives last.
    private func rank(_ name: String) -> Int {
        guard let reader = try? CSVReader(path: directory.appendingPathComponent(name).path, dialect: .lenient),
            let layout = try? Layout.recognize(header: reader.header, ignoringExtra: true).layout
        else { return 1 }
        return layout == .organizations ? 0 : layout == .directives ? 2 : 1
    }

    /// Whether a name is one of a plain file.
    ///
    /// Names that begin with a dot are those of files that are still being copied.
    static func isPlain(_ name: String) -> Bool {
        let lower = name.lowercased()
        return !name.hasPrefix(".") && (lower.hasSuffix(".csv") || lower.hasSuffix(".csv.gz"))
    }

    /// Files in the folder that are not taken or are doubtful.
    ///
    /// Each must be reported.
    ///
    /// - Throws: ``InboxError`` when the folder cannot be read.
    public func oddities(now: Date = Date()) throws(InboxError) -> [InboxOddity] {
        do {
            return try names()
                .filter { !$0.hasPrefix(".") && $0 != archive.lastPathComponent && $0 != aside.lastPathComponent }
                .sorted().compactMap { oddity($0, now) }
        } catch {
            throw InboxError("the inbox \(directory.path) cannot be read", cause: error)
        }
    }

    private func oddity(_ name: String, _ now: Date) -> InboxOddity? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: directory.appendingPathComponent(name).path)
        guard let attributes, let type = attributes[.type] as? FileAttributeType else { return nil }
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        let isOwn = [".data", ".json", ".progress"].contains { name.hasSuffix($0) } && Inbox.isIdentifier(stem)
        switch type {
        case .typeSymbolicLink:
            return InboxOddity(name, "it is a link, and links are not followed", "copy the file itself into the inbox")
        case .typeDirectory:
            return InboxOddity(
                name,
                "it is a folder, and folders are not looked into",
                "move its files into the inbox itself"
            )
        case .typeRegular where !isOwn && !Self.isPlain(name):
            return InboxOddity(
                name,
                "it ends neither in .csv nor in .csv.gz",
                "save it as \"CSV UTF-8\" and name it .csv; if it does not belong here, take it away"
            )
        case .typeRegular:
            guard let changed = attributes[.modificationDate] as? Date, changed.timeIntervalSince(now) > Self.patience
            else { return nil }
            return InboxOddity(
                name,
                "it was changed in the future, so the clock of this machine or of the one that wrote it is wrong",
                "set the clock; the file is taken once it has not changed while it was watched"
            )
        default:
            return InboxOddity(name, "it is no file", "take it away")
        }
    }

    /// Deletes drafts, and data without a ticket, that were not written to for an hour, because they contain
    /// identifiers.
    func removeAbandoned(among names: [String], now: Date) throws {
        for name in names where name.hasSuffix(".data") || name.hasSuffix(".draft") || name.hasSuffix(".progress") {
            let file = directory.appendingPathComponent(name)
            if name.hasSuffix(".data"), exists(ticket(String(name.dropLast(5)))) { continue }
            guard let changed = changed(file), now.timeIntervalSince(changed) >= Inbox.abandonment else { continue }
            try FileManager.default.removeItem(at: file)
        }
    }
}
