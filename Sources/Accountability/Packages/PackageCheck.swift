internal import Crypto
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// A check of a package: what holds, and what does not, with its place.
struct PackageCheck {
    /// A sentence about one thing that was checked.
    struct Finding: Encodable, Equatable {
        enum Result: String, Encodable {
            case holds
            case fails
            /// The available data do not decide it.
            case undecided
        }
        let result: Result
        /// The file, the figure or the proof that it is about.
        let place: String
        let text: String
    }

    private(set) var findings: [Finding] = []
    /// The package's statement; nil if it cannot be read.
    private(set) var statement: PackageStatement?
    /// The determinations that could be read, by organization.
    private(set) var determinations: [String: PackagedDetermination] = [:]
    /// The rows of `files.csv` with a digest: the digest by submission.
    private(set) var files: [String: [UInt8]] = [:]

    /// Whether nothing fails.
    var holds: Bool { !findings.contains { $0.result == .fails } }

    mutating func add(_ result: Finding.Result, _ place: String, _ text: String) {
        findings.append(Finding(result: result, place: place, text: text))
    }

    /// Checks a package by itself: its files against its statement, and its statement against its proof.
    ///
    /// - Parameters:
    ///   - files: every file of it, by name.
    ///   - district: the district that it must be of; nil for any.
    ///   - year: the school year that it must be of; nil for any.
    init(_ files: [String: [UInt8]], district: OrganizationCode? = nil, year: Int? = nil) {
        check(files, district, year)
    }

    private mutating func check(_ files: [String: [UInt8]], _ district: OrganizationCode?, _ year: Int?) {
        guard let bytes = files[DistrictPackage.Name.statement] else {
            return add(.fails, DistrictPackage.Name.statement, "is missing, so this is not a package")
        }
        guard let statement = PackageJSON.value(PackageStatement.self, bytes),
            statement.format == PackageStatement.format
        else {
            return add(
                .fails,
                DistrictPackage.Name.statement,
                "is not a statement as `accountability package` writes it"
            )
        }
        self.statement = statement
        checkOwner(statement, district, year)
        checkFiles(statement, files)
        checkProof(statement, files)
        for name in statement.files.map(\.name) {
            if let bytes = files[name] { read(name, bytes, statement) }
        }
    }

    private mutating func checkOwner(_ statement: PackageStatement, _ district: OrganizationCode?, _ year: Int?) {
        if let district, district.description != statement.district {
            add(.fails, DistrictPackage.Name.statement, "is of the district \(statement.district), not of \(district)")
        }
        if let year, year != statement.schoolYear {
            add(.fails, DistrictPackage.Name.statement, "is of \(statement.schoolYear), not of \(year)")
        }
    }

    private mutating func checkFiles(_ statement: PackageStatement, _ files: [String: [UInt8]]) {
        var wrong = 0
        for said in statement.files {
            guard let bytes = files[said.name] else {
                wrong += 1
                add(.fails, said.name, "is missing, but the statement names it")
                continue
            }
            let found = PackageStatement.File(DistrictPackage.File(name: said.name, bytes: bytes))
            guard found != said else { continue }
            wrong += 1
            let what =
                found.bytes == said.bytes
                ? "has other bytes than" : "has \(found.bytes) bytes and not \(said.bytes), as"
            add(.fails, said.name, "\(what) the statement says: its SHA-256 is \(found.sha256), not \(said.sha256)")
        }
        let named = Set(statement.files.map(\.name) + [DistrictPackage.Name.statement, DistrictPackage.Name.proof])
        for stranger in Set(files.keys).subtracting(named).sorted() {
            wrong += 1
            add(.fails, stranger, "is in the package, but the statement does not name it")
        }
        if wrong == 0 {
            add(
                .holds,
                DistrictPackage.Name.statement,
                "its \(statement.files.count) files have the digests that it names"
            )
        }
    }

    private mutating func checkProof(_ statement: PackageStatement, _ files: [String: [UInt8]]) {
        let place = DistrictPackage.Name.proof
        guard let bytes = files[place] else { return add(.fails, place, "is missing") }
        guard let proof = PackageJSON.value(PackageProof.self, bytes) else {
            return add(.fails, place, "is not a proof as `accountability package` writes it")
        }
        let path = proof.path.compactMap { [UInt8](hexadecimal: $0) }
        guard path.count == proof.path.count, path.allSatisfy({ $0.count == 32 }),
            let root = MerkleTree.root(
                from: MerkleTree.leaf(statement.bytes),
                at: proof.leaf,
                of: proof.leaves,
                by: path
            )
        else { return add(.fails, place, "is no path through a tree of \(proof.leaves) leaves") }
        guard root.hexadecimal == proof.root else {
            return add(
                .fails,
                place,
                "leads from the statement to \(root.hexadecimal), not to the root that it names, \(proof.root)"
            )
        }
        add(.holds, place, "the statement is leaf \(proof.leaf + 1) of \(proof.leaves) under the root \(proof.root)")
        self.root = proof.root
    }

    /// The root that the proof leads to; nil if it leads to none.
    private(set) var root: String?

    /// Whether the root is the one that was published.
    ///
    /// - Parameters:
    ///   - published: in hexadecimal.
    ///   - source: where it was published.
    mutating func compare(root published: String, of source: String) {
        guard let root else { return }
        if root == published.lowercased() {
            add(.holds, "root", "it is the root of \(source)")
        } else {
            add(.fails, "root", "it is \(root), but the root of \(source) is \(published.lowercased())")
        }
    }

    /// Reads a file of the package.
    private mutating func read(_ name: String, _ bytes: [UInt8], _ statement: PackageStatement) {
        let parts = name.split(separator: "/")
        guard parts.count == 2, parts[0] == "determinations" else { return }
        guard
            let determination = try? Accountability_V1_Determination(jsonUTF8Bytes: bytes),
            let code = OrganizationCode(determination.orgCode)
        else { return add(.fails, name, "is no determination that this version can read") }
        guard name == DistrictPackage.Name.determination(determination.orgCode),
            code.district.description == statement.district, Int(determination.schoolYear) == statement.schoolYear
        else {
            return add(
                .fails,
                name,
                "contains the determination of \(determination.orgCode) in \(determination.schoolYear)"
            )
        }
        determinations[determination.orgCode] = PackagedDetermination(determination, [])
    }

    /// Derives every determination again, by the rules of this program.
    ///
    /// - Parameters:
    ///   - files: of the package.
    ///   - framework: that of the year; nil if this program has none.
    mutating func derive(_ files: [String: [UInt8]], _ framework: Framework?) {
        guard let statement else { return }
        guard let framework, framework.digest == statement.frameworkDigest else {
            return add(
                .undecided,
                "explanations",
                "they were derived under framework \(statement.framework) (\(statement.frameworkDigest)), which this program does not have: "
                    + "name it with --framework"
            )
        }
        let before = findings.count
        for (code, packaged) in determinations.sorted(by: { $0.key < $1.key }) {
            let name = DistrictPackage.Name.percentiles(code)
            do {
                let texts = try JSONSerialization.jsonObject(with: Data(files[name] ?? [])) as? [Any] ?? []
                let percentiles = try texts.map {
                    try Accountability_V1_Percentile(jsonUTF8Data: try JSONSerialization.data(withJSONObject: $0))
                }
                let made = try PackagedDetermination(packaged.determination, percentiles).files(framework)
                for file in made where files[file.name] != nil && files[file.name] != file.bytes {
                    add(.fails, file.name, "is not what the rules of framework \(framework.name) derive")
                }
            } catch {
                add(.fails, name, "cannot be read, so nothing can be derived")
            }
        }
        guard findings.count == before else { return }
        add(
            .holds,
            "explanations",
            "the rules of framework \(framework.name) derive the \(determinations.count) determinations as the explanations say"
        )
    }
}

extension [UInt8] {
    /// Bytes of lower-case hexadecimal; nil for any other text.
    init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[place]), let low = value(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self = bytes
    }
}
