internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Products
internal import Reading
internal import Rules
internal import Stages
internal import Streaming
internal import Synchronization
internal import Year

/// `accountability package`: writes the packages that prove the results of districts.
struct PackageCommand: OperatorCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "package",
        abstract: "Writes for each district a package that proves its results.",
        discussion: """
              accountability package 2019 --out packages-2019
              accountability directive release official --year 2019 --date 2019-09-24 --packages packages-2019
              accountability package 2019 --out packages-2019 --org 00350000        again, of one district

            A package is a folder that has the district's code as its name. It contains files.csv and rows.csv (each row of the year by file \
            and line, and its outcome: accepted, unchanged, or rejected with its codes; never its content), determinations/ (those of the \
            district and its schools), percentiles/ (the steps of their percentiles), explanations/ (what `explain --json` prints), \
            statement.json, which lists these files with their SHA-256, and proof.json, the path from the statement to the root. \
            `accountability verify` checks a package.

            The root is that of a Merkle tree as in RFC 6962. Each district's statement is a leaf, in the order of the codes. Hashes are \
            SHA-256, with a byte 0 before a leaf and a byte 1 before a node. The release carries the root: make the packages of all \
            districts, then release with --packages. Each statement has a salt that only the installation's key can make, so a package tells \
            its reader nothing about another district's package.

            Packages are made from the ledger, which is computed again in this process; the same ledger gives the same packages. If a \
            release carries a root, packages are made from the ledger as it was at that release. If they give another root, nothing is \
            written.

            Packages contain small groups. Each package is only for its district, and none is for the public.

            Exit codes: 0 done; 64 usage; 65 the year has no determinations, no such district, the root is not that of the release, or the folder \
            has files that would be lost; 69 no broker answers; 75 the disk is full, or the ledger is being written; 78 the key or a topic is missing.
            """
    )
    static let paragraphs: [Paragraph] = [.determinations]

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @OptionGroup var source: LedgerOptions

    @Option(help: ArgumentHelp("The folder for the packages; created if missing.", valueName: "folder"))
    var out: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The districts whose packages are written; default: all.", valueName: "code")
    )
    var org: [String] = []

    @Option(help: ArgumentHelp("The installation's key of pseudonyms; default: that of the home.", valueName: "file"))
    var key: String?

    @Flag(help: "Replace the packages that are in the folder.")
    var replace = false

    func validate() throws { _ = try chosen() }

    private func chosen() throws -> [OrganizationCode] {
        try org.map { text in
            guard let code = OrganizationCode(text), code.type == .district else {
                throw ValidationError("--org takes the codes of districts: eight digits, the last four 0000")
            }
            return code
        }
    }

    func operate() throws {
        let line = ProgressLine()
        defer { line.clear() }
        do {
            let folder = try ProductFolder(out, replaces: replace)
            let secret = try PseudonymKey(contentsOf: key ?? Home().pseudonymKey.path)
            let (ledger, release) = try read(line)
            let framework = try YearFramework.of(year, ledger.settings.frameworks)
            line.show("computing \(year)")
            let scan = try LedgerScan(ledger)
            let tables = try ledger.computed(following: scan.submissions.map(\.submission)).tables
            let rows = try PackagedRows(year: year, scan, tables)
            let packages = try YearPackages(year: year, framework, tables, rows, secret)
            try write(packages, folder, release, line)
        } catch let fault as YearFault {
            throw Failure(fault)
        } catch let error as PseudonymKeyError {
            throw Failure(.configuration, "\(error); nothing was written")
        }
    }

    /// The ledger; if a release carries a root, as it was at that release.
    private func read(_ line: ProgressLine) throws -> (HeldLedger, Accountability_V1_Directive?) {
        guard source.files == nil else { return (try source.ledger(.builtIn, line), nil) }
        let connection = try source.broker.connection()
        guard let release = try DepartmentRecords(connection).release(of: year), !release.packagesRoot.isEmpty else {
            return (try source.ledger(.builtIn, line), nil)
        }
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let settings = YearProcess.Settings(threads: source.threads.count, partitions: partitions)
        let ledger = HeldLedger(pipeline: connection.pipeline, settings: settings)
        try LedgerFeed(connection, partitions: partitions).feed(LedgerUntil(release.submission, ledger))
        try ledger.takeFrameworksOnRecord()
        return (ledger, release)
    }

    private func write(
        _ packages: YearPackages,
        _ folder: ProductFolder,
        _ release: Accountability_V1_Directive?,
        _ line: ProgressLine
    ) throws {
        guard packages.hasDeterminations else {
            throw Failure(
                .badInput,
                "\(year) has no determinations, so there is nothing to prove; nothing was written: `accountability status` shows the progress"
            )
        }
        let chosen = try chosen()
        if let stranger = chosen.first(where: { !packages.districts.contains($0) }) {
            throw Failure(
                .badInput,
                "the district \(stranger) has neither rows nor determinations of \(year); nothing was written: check --org"
            )
        }
        let count = packages.districts.count
        let tree = try packages.tree { line.show("digesting \($0 + 1) of \(count)") }
        let root = tree.root.hexadecimal
        if let release, release.packagesRoot != root {
            throw Failure(
                .badInput,
                "the release of \(release.effectiveDate) carries the root \(release.packagesRoot), but the ledger before it gives \(root); nothing "
                    + "was written: did the key of pseudonyms or the version of the program change since then?"
            )
        }
        let districts = chosen.isEmpty ? packages.districts : Set(chosen).sorted()
        let list = PackageList(districts: packages.districts.map(\.description), root: root, schoolYear: year)
        var files = [ProductFile(PackageList.name, bytes: { PackageJSON.bytes(list) })]
        let written = WrittenPackages(packages, tree)
        for district in districts {
            files += packages.names(of: district)
                .map { name in
                    ProductFile("\(district)/\(name)", bytes: { try written.bytes(of: name, district) })
                }
        }
        try folder.write(files) { done, name in line.show("writing \(done + 1) of \(files.count), \(name)") }
        line.clear()
        Standard.line(
            "\(districts.count) of \(count) packages of \(year) are in \(out)"
                + (release.map { ", as of the release of \($0.effectiveDate)" } ?? "")
        )
        if packages.strays > 0 {
            Standard.line(
                "\(packages.strays) rows are in no package: they name no district, and their files have several"
            )
        }
        Standard.line("root \(root)")
    }
}

/// The packages, made one after the other as they are written.
///
/// Only the newest is kept.
private final class WrittenPackages: Sendable {
    private let packages: YearPackages
    private let tree: MerkleTree
    private let newest = Mutex<(district: OrganizationCode, files: [DistrictPackage.File])?>(nil)

    init(_ packages: YearPackages, _ tree: MerkleTree) {
        self.packages = packages
        self.tree = tree
    }

    func bytes(of name: String, _ district: OrganizationCode) throws -> [UInt8] {
        try newest.withLock { newest in
            if newest?.district != district { newest = (district, try packages.files(of: district, tree)) }
            return newest?.files.first { $0.name == name }?.bytes ?? []
        }
    }
}

/// A ledger as it was before a submission.
private final class LedgerUntil: LedgerReceiver {
    private let submission: String
    private let ledger: HeldLedger
    private var ended: Set<Int32> = []

    init(_ submission: String, _ ledger: HeldLedger) {
        self.submission = submission
        self.ledger = ledger
    }

    func recallPercentile(partition: Int32, key: Span<UInt8>, value: Span<UInt8>) {
        ledger.recallPercentile(partition: partition, key: key, value: value)
    }

    /// Every partition has the header of every submission.
    func feed(partition: Int32, key: Span<UInt8>, value: Span<UInt8>, isMarker: Bool, submission: String?) throws {
        if submission == self.submission { ended.insert(partition) }
        guard !ended.contains(partition) else { return }
        try ledger.feed(partition: partition, key: key, value: value, isMarker: isMarker, submission: submission)
    }
}
