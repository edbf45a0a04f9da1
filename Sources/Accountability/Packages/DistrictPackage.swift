internal import Crypto
internal import Foundation
internal import Messages
internal import Reading
internal import Rules
internal import Stages
internal import Streaming
internal import Year

/// The package that proves a district's results.
///
/// It says where each of the district's rows was and what its outcome was. It has the district's determinations with
/// their derivation, and a statement that names each file by its digest. The statement is a leaf of the tree whose root
/// the release carries.
struct DistrictPackage {
    /// A file of a package.
    struct File: Equatable {
        let name: String
        let bytes: [UInt8]
    }

    /// Names of the files that every package has.
    enum Name {
        static let statement = "statement.json"
        static let proof = "proof.json"
        static let rows = "rows.csv"
        static let files = "files.csv"
        static func determination(_ code: String) -> String { "determinations/\(code).json" }
        static func percentiles(_ code: String) -> String { "percentiles/\(code).json" }
        static func explanation(_ code: String) -> String { "explanations/\(code).json" }
    }

    let district: OrganizationCode
    /// The files that the statement names, ordered by name.
    let files: [File]
    /// The statement, as it is hashed.
    let statement: PackageStatement

    var leaf: MerkleTree.Hash { MerkleTree.leaf(statement.bytes) }
}

/// The content of a package, by digests.
///
/// This document is a leaf of the tree.
struct PackageStatement: Codable, Equatable {
    /// A file by its digest.
    struct File: Codable, Equatable {
        let bytes: Int
        let name: String
        let sha256: String

        init(_ file: DistrictPackage.File) {
            name = file.name
            bytes = file.bytes.count
            sha256 = SHA256.hash(data: file.bytes).hexadecimal
        }
    }

    /// The value of `format` in documents of this form.
    static let format = "accountability package 1"

    let district: String
    let files: [File]
    let format: String
    /// The name and the digest of the framework that the determinations were made under.
    let framework: String
    let frameworkDigest: String
    /// 32 bytes that only holders of the package know.
    ///
    /// Without them, one district could guess what another district's package says, and check the guess.
    let salt: String
    let schoolYear: Int

    enum CodingKeys: String, CodingKey {
        case district, files, format, framework, salt
        case frameworkDigest = "framework_digest"
        case schoolYear = "school_year"
    }

    /// The document.
    var bytes: [UInt8] { PackageJSON.bytes(self) }
}

/// The path from a package's statement to the root.
struct PackageProof: Codable, Equatable {
    /// The number of the leaf, from 0, in the order of the districts' codes.
    let leaf: Int
    let leaves: Int
    /// The hashes, from the leaf's neighbour up.
    let path: [String]
    let root: String

    init(_ tree: MerkleTree, at place: Int) {
        leaf = place
        leaves = tree.leaves.count
        path = tree.path(of: place).map(\.hexadecimal)
        root = tree.root.hexadecimal
    }

    /// The document.
    var bytes: [UInt8] { PackageJSON.bytes(self) }
}

/// JSON with exactly one text for each value.
enum PackageJSON {
    static func bytes(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Strings, numbers and lists of them can always be encoded.
        return Array((try? encoder.encode(value)) ?? Data()) + [0x0A]
    }

    /// Reads a document; nil if this program would write it differently.
    static func value<Value: Codable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
        guard let value = try? JSONDecoder().decode(type, from: Data(bytes)), self.bytes(value) == bytes else {
            return nil
        }
        return value
    }
}

/// A determination and the percentiles behind it, as a package has them: without what only belongs to their
/// publication.
///
/// The root is part of the release, so nothing that the root covers may change with the release.
struct PackagedDetermination {
    let determination: Accountability_V1_Determination
    let percentiles: [Accountability_V1_Percentile]

    init(_ published: Accountability_V1_Determination, _ percentiles: [Accountability_V1_Percentile]) {
        determination = published.withoutRelease
        self.percentiles = percentiles.sorted { ($0.group, $0.comparisonGroup) < ($1.group, $1.comparisonGroup) }
    }

    /// Its three files.
    func files(_ framework: Framework) throws -> [DistrictPackage.File] {
        let code = determination.orgCode
        let explanation = try Explanation(
            determination: determination,
            framework: framework,
            percentiles: percentiles
        )
        return [
            (DistrictPackage.Name.determination(code), try MessageJSON.line(determination) + "\n"),
            (DistrictPackage.Name.percentiles(code), try MessageJSON.array(percentiles)),
            (DistrictPackage.Name.explanation(code), explanation.json()),
        ]
        .map { DistrictPackage.File(name: $0.0, bytes: Array($0.1.utf8)) }
    }
}

extension Accountability_V1_Determination {
    /// The figures without what releases and announcements add to them.
    var withoutRelease: Accountability_V1_Determination {
        var figures = withoutPublication
        figures.status = ""
        figures.embargoUntil = ""
        figures.statusReason = ""
        figures.publicationNotes = []
        return figures
    }
}

/// The packages of a school year, in the order of the districts' codes.
struct YearPackages: Sendable {
    let year: Int
    let framework: Framework
    private let rows: PackagedRows
    private let key: PseudonymKey
    private var determinations: [OrganizationCode: [PackagedDetermination]] = [:]

    /// The districts with determinations of the year, their own or their schools', or with rows.
    let districts: [OrganizationCode]
    /// Rows that belong to no district: see ``PackagedRows/strays``.
    var strays: Int { rows.strays }

    /// The packages of a year that was computed.
    ///
    /// - Parameters:
    ///   - year: the school year.
    ///   - framework: that of the year.
    ///   - tables: what was published of it.
    ///   - rows: its rows.
    ///   - key: the key that salts are made with.
    /// - Throws: if a message does not decode.
    init(year: Int, _ framework: Framework, _ tables: YearTables, _ rows: PackagedRows, _ key: PseudonymKey) throws {
        self.year = year
        self.framework = framework
        self.rows = rows
        self.key = key
        var percentiles: [String: [Accountability_V1_Percentile]] = [:]
        for (_, entry) in try tables.messages(TableTopics.percentiles, year: year) {
            guard case .percentile(let percentile) = entry.entry else { continue }
            percentiles[percentile.orgCode, default: []].append(percentile)
        }
        for (key, message) in try tables.determinations(year: year) where key.organization != .state {
            let packaged = PackagedDetermination(message, percentiles[message.orgCode] ?? [])
            determinations[key.organization.district, default: []].append(packaged)
        }
        districts = Set(determinations.keys).union(rows.rows.keys).sorted()
    }

    /// Whether there is anything to prove.
    var hasDeterminations: Bool { !determinations.isEmpty }

    /// The names of a package's files.
    func names(of district: OrganizationCode) -> [String] {
        let codes = (determinations[district] ?? []).map(\.determination.orgCode)
        return codes.map(DistrictPackage.Name.determination) + codes.map(DistrictPackage.Name.percentiles)
            + codes.map(DistrictPackage.Name.explanation)
            + [
                DistrictPackage.Name.files, DistrictPackage.Name.proof, DistrictPackage.Name.rows,
                DistrictPackage.Name.statement,
            ]
    }

    /// The package of a district.
    func package(of district: OrganizationCode) throws -> DistrictPackage {
        var files = [
            DistrictPackage.File(name: DistrictPackage.Name.rows, bytes: rows.table(of: district)),
            DistrictPackage.File(name: DistrictPackage.Name.files, bytes: rows.files(of: district)),
        ]
        for determination in determinations[district] ?? [] { files += try determination.files(framework) }
        files.sort { $0.name < $1.name }
        let statement = PackageStatement(
            district: district.description,
            files: files.map(PackageStatement.File.init),
            format: PackageStatement.format,
            framework: framework.name,
            frameworkDigest: framework.digest,
            salt: key.salt(of: "the package of \(district) in \(year)").hexadecimal,
            schoolYear: year
        )
        return DistrictPackage(district: district, files: files, statement: statement)
    }

    /// The tree over all packages.
    func tree(_ progress: (_ done: Int) -> Void = { _ in }) throws -> MerkleTree {
        var leaves: [MerkleTree.Hash] = []
        for district in districts {
            progress(leaves.count)
            leaves.append(try package(of: district).leaf)
        }
        return MerkleTree(leaves: leaves)
    }

    /// All files of a package, with the statement and the path to the root.
    func files(of district: OrganizationCode, _ tree: MerkleTree) throws -> [DistrictPackage.File] {
        guard let place = districts.firstIndex(of: district) else { return [] }
        let package = try package(of: district)
        return package.files + [
            DistrictPackage.File(name: DistrictPackage.Name.statement, bytes: package.statement.bytes),
            DistrictPackage.File(name: DistrictPackage.Name.proof, bytes: PackageProof(tree, at: place).bytes),
        ]
    }
}

/// The list of all packages in a folder: `packages.json`.
struct PackageList: Codable, Equatable {
    static let name = "packages.json"

    let districts: [String]
    let root: String
    let schoolYear: Int

    enum CodingKeys: String, CodingKey {
        case districts, root
        case schoolYear = "school_year"
    }
}
