internal import Foundation
package import Logging
package import Operating

/// A file that waits to be submitted.
struct KeptFile: Sendable {
    let id: String
    let path: URL
    var name: String { path.lastPathComponent }
}

/// The acts in progress.
///
/// They are only in memory. After a restart there are none, and unconfirmed acts are never carried out.
package actor Errands {
    private let runner: ProgramRunner
    private let folder: URL
    private let logger: Logger
    private var errands: [String: Errand] = [:]
    /// Commands run one at a time.
    ///
    /// Two at once would take the ledger's identity from each other.
    private var commands: Task<Void, Never>?
    private var previews: Task<Void, Never>?
    /// Trials take longer than previews, which do not wait for them.
    private var trials: Task<Void, Never>?

    /// How long an act is kept, and the most acts of one person and of all together.
    static let lifetime = Duration.seconds(3600)
    static let mostOfAPerson = 20
    static let most = 200

    package init(_ runner: ProgramRunner, home: Home, logger: Logger) {
        self.runner = runner
        self.logger = logger
        folder = home.directory.appendingPathComponent("console/uploads", isDirectory: true)
        // Files from before a restart: no one can confirm them any more.
        try? FileManager.default.removeItem(at: folder)
    }

    /// Begins an act; returns its id.
    func begin(_ act: Act, _ values: Act.Values, _ owner: Account, file: KeptFile? = nil) throws(Problem) -> String {
        sweep()
        guard errands.count < Self.most,
            errands.values.count(where: { $0.owner.name == owner.name }) < Self.mostOfAPerson
        else {
            throw Problem(429, "too many acts are in progress: confirm or discard some of them first", retryAfter: 60)
        }
        guard !act.isTrial || !errands.values.contains(where: { $0.owner.name == owner.name && $0.isTrialRunning })
        else {
            throw Problem(429, "your last what-if is still being computed: wait for it, or discard it", retryAfter: 60)
        }
        let id = file?.id ?? Self.identity()
        var values = values
        values["file"] = file?.path.path
        var errand = Errand(
            id: id,
            act: act,
            values: values,
            owner: owner,
            fileName: act.document == nil ? file?.name : nil,
            began: .now,
            state: .ready
        )
        if let preview = act.preview {
            errand.state = .previewing
            errands[id] = errand
            look(id, preview(values))
        }
        errands[id] = errand
        return id
    }

    /// Finds an act that an account may see.
    ///
    /// Waits for progress, but not longer than the given time.
    func find(_ id: String, for account: Account, within patience: Duration = .zero) async -> Errand? {
        let deadline = ContinuousClock.now + patience
        while let errand = errands[id], errand.isVisible(to: account) {
            let isBusy = errand.state == .previewing || errand.state == .running
            guard isBusy, ContinuousClock.now < deadline else { return errand }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    /// The acts that wait for a second person.
    func waiting(for account: Account) -> [Errand] {
        sweep()
        return errands.values
            .filter { $0.needsSecondPerson && $0.isVisible(to: account) && [.ready, .previewing].contains($0.state) }
            .sorted { $0.began < $1.began }
    }

    /// All acts that an account may see, the oldest first.
    func visible(to account: Account) -> [Errand] {
        sweep()
        return errands.values.filter { $0.isVisible(to: account) }.sorted { $0.began < $1.began }
    }

    /// Confirms an act, which runs its command.
    func confirm(_ id: String, by account: Account) throws(Problem) {
        guard var errand = errands[id], errand.isVisible(to: account) else { throw Self.absent }
        guard errand.state == .ready else {
            throw Problem(409, "it is already confirmed, or it is not ready: look at it again")
        }
        if let obstacle = errand.obstacle(for: account) { throw Problem(403, obstacle) }
        errand.state = .running
        errand.confirmed = account.name
        errands[id] = errand
        let before = commands
        commands = Task { [errand] in
            await before?.value
            let outcome = await runner.run(errand.act.arguments(errand.values, by: errand.person), errand.act.timeout)
            end(errand, outcome)
        }
    }

    /// Discards an unconfirmed act; returns the act.
    func discard(_ id: String, by account: Account) throws(Problem) -> Act {
        guard let errand = errands[id], errand.isVisible(to: account) else { throw Self.absent }
        guard [.ready, .previewing, .done].contains(errand.state) else {
            throw Problem(409, "it is already confirmed, so it continues")
        }
        forget(id)
        return errand.act
    }

    static let absent = Problem(404, "there is no such act: it was discarded, or it is more than an hour old")

    private func look(_ id: String, _ arguments: [String]) {
        let isTrial = errands[id]?.act.isTrial == true
        let before = isTrial ? trials : previews
        let task = Task {
            await before?.value
            guard let errand = errands[id] else { return }
            let outcome = await runner.run(arguments, errand.act.timeout) { await self.note(id, $0) }
            errands[id]?.preview = outcome
            errands[id]?.state = .ready
        }
        if isTrial { trials = task } else { previews = task }
    }

    /// Keeps what the program said of its progress; returns whether anyone still waits for the preview.
    private func note(_ id: String, _ line: String) -> Bool {
        if !line.isEmpty { errands[id]?.progress = line }
        return errands[id] != nil
    }

    private func end(_ errand: Errand, _ outcome: ProgramRunner.Outcome) {
        errands[errand.id]?.result = outcome
        errands[errand.id]?.state = .done
        removeFile(errand.id)
        logger.info(
            "act",
            metadata: [
                "act": "\(errand.act.name)", "by": "\(errand.person)",
                "code": "\(outcome.code.map(String.init) ?? "took too long")",
            ]
        )
    }

    private func sweep() {
        let now = ContinuousClock.now
        for (id, errand) in errands where now - errand.began > Self.lifetime && errand.state != .running { forget(id) }
    }

    private func forget(_ id: String) {
        errands[id] = nil
        removeFile(id)
    }

    // MARK: files

    /// Keeps a file until it is confirmed or discarded.
    ///
    /// Only the installation's owner can read it.
    func keep(_ file: FormData.File) throws(Problem) -> KeptFile {
        let id = Self.identity()
        let own = folder.appendingPathComponent(id, isDirectory: true)
        let path = own.appendingPathComponent(Self.plain(file.name))
        do {
            let files = FileManager.default
            try files.createDirectory(
                at: own,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            guard
                files.createFile(atPath: path.path, contents: Data(file.bytes), attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            return KeptFile(id: id, path: path)
        } catch {
            throw Problem(
                503,
                "the file could not be kept: is the disk of the installation full? Nothing was submitted"
            )
        }
    }

    /// Deletes a file that no act uses.
    func drop(_ file: KeptFile) { removeFile(file.id) }

    private static func identity() -> String { String(Sessions.token().prefix(32)) }

    private func removeFile(_ id: String) {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(id, isDirectory: true))
    }

    /// A file name without anything that has a special meaning in a folder or on a command line.
    static func plain(_ name: String) -> String {
        let plain = name.utf8.suffix(100)
            .map { byte -> UInt8 in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    byte
                default: UInt8(ascii: "_")
                }
            }
            .drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        return plain.isEmpty ? "upload.csv" : String(decoding: plain, as: UTF8.self)
    }
}
