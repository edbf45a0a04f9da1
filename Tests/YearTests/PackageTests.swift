import Foundation
import Messages
import Rules
import Stages
import Streaming
import SwiftProtobuf
import Tables
import Testing

@testable import Year
@testable import accountability

/// The packages of a synthetic state's districts: what they hold, what they prove, and that nothing else passes.
@Suite(.timeLimit(.minutes(30))) struct PackageTests {
    /// A state with a row that is rejected, one that is unchanged and one that is deleted.
    private struct State: Sendable {
        let packages: YearPackages
        let tree: MerkleTree
        let folder: String
        let special: OrganizationCode
        let determinations: [Accountability_V1_Determination]
    }

    private static let key = Result { try PseudonymKey(bytes: [UInt8](repeating: 7, count: 32)) }
    /// Kept for the time of the tests: the folder is gone with it.
    private static let files = Result { try StateFiles(students: 1500, seed: 41) }
    private static let state = Result { try make(try files.get(), acts: []) }

    private static func make(_ state: StateFiles, acts: [Year.InputFile]) throws -> State {
        let attendance = try #require(state.files.first { $0.name.hasPrefix("attendance") && $0.name.contains("2019") })
        var lines = try String(contentsOfFile: attendance.path, encoding: .utf8).split(separator: "\n").map(String.init)
        let header = lines.removeFirst().split(separator: ",").map(String.init)
        let place = try #require(header.firstIndex(of: "org_code"))
        let action = header.firstIndex(of: "action")
        let days = try #require(header.firstIndex(of: "days_enrolled"))
        let code = try #require(
            OrganizationCode(lines[0].split(separator: ",", omittingEmptySubsequences: false)[place])
        )
        var wrong = lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        wrong[place] = code.description
        wrong[days] = "999"
        var deleted = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var columns = header
        if let action {
            deleted[action] = "delete"
        } else {
            columns.append("action")
            deleted.append("delete")
            wrong.append("")
        }
        let same = lines[0] + (action == nil ? "," : "")
        let rows = [columns.joined(separator: ","), same, wrong.joined(separator: ","), ""]
        let first = try state.write("corrections-package-a.csv", rows.joined(separator: "\n"))
        let second = try state.write(
            "corrections-package-b.csv",
            [columns.joined(separator: ","), deleted.joined(separator: ","), ""].joined(separator: "\n")
        )
        let held = try YearComputation(settings: YearProcess.Settings(threads: 2), key: try key.get())
            .held(state.files, corrections: [first, second] + acts)
        let scan = try LedgerScan(held.ledger)
        let tables = try held.ledger.computed(following: scan.submissions.map(\.submission)).tables
        let packages = try YearPackages(
            year: 2019,
            try Framework.of(schoolYear: 2019),
            tables,
            try PackagedRows(year: 2019, scan, tables),
            try key.get()
        )
        let determinations = try tables.determinations(year: 2019).map(\.message).filter { $0.orgCode != "00000000" }
        return State(
            packages: packages,
            tree: try packages.tree(),
            folder: state.folder,
            special: code.district,
            determinations: determinations
        )
    }

    private func content(_ state: State, _ district: OrganizationCode) throws -> [String: [UInt8]] {
        let files = try state.packages.files(of: district, state.tree)
        #expect(Set(files.map(\.name)) == Set(state.packages.names(of: district)))
        return Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.bytes) })
    }

    private func check(_ content: [String: [UInt8]], _ root: String, derives: Bool = true) throws -> PackageCheck {
        var check = PackageCheck(content)
        check.compare(root: root, of: "the test")
        if derives { check.derive(content, try Framework.of(schoolYear: 2019)) }
        return check
    }

    @Test func everyPackageHoldsUnderTheRoot() throws {
        let state = try Self.state.get()
        #expect(state.packages.districts.count > 3)
        var organizations = 0
        for district in state.packages.districts {
            let check = try check(try content(state, district), state.tree.root.hexadecimal)
            #expect(check.holds && check.findings.allSatisfy { $0.result == .holds }, "\(district) \(check.findings)")
            #expect(check.findings.count == 4)
            organizations += check.determinations.count
        }
        #expect(organizations == state.determinations.count && organizations > 10)
    }

    /// The statement and the proof at every byte, the other files at many: each change is found where it is.
    @Test func aChangedByteFailsWithItsPlace() throws {
        let state = try Self.state.get()
        let district = try #require(state.packages.districts.last)
        let content = try content(state, district)
        let root = state.tree.root.hexadecimal
        var tried = 0
        for (name, bytes) in content {
            let isDocument = name == DistrictPackage.Name.statement || name == DistrictPackage.Name.proof
            for place in stride(from: 0, to: bytes.count, by: isDocument ? 1 : max(1, bytes.count / 40)) {
                var changed = content
                changed[name]?[place] ^= 1
                let check = try check(changed, root, derives: false)
                #expect(!check.holds, "\(name) at \(place)")
                guard !isDocument else { continue }
                #expect(check.findings.contains { $0.result == .fails && $0.place == name }, "\(name) at \(place)")
                tried += 1
            }
            var missing = content
            missing[name] = nil
            let withoutIt = try self.check(missing, root, derives: false)
            #expect(!withoutIt.holds)
            var longer = content
            longer[name]?.append(0x0A)
            let withMore = try self.check(longer, root, derives: false)
            #expect(!withMore.holds)
        }
        var more = content
        more["note.txt"] = [0x41]
        let check = try check(more, root)
        #expect(check.findings.contains { $0.result == .fails && $0.place == "note.txt" })
        #expect(tried > 100)
    }

    /// Another district's package, another district's statement with this one's proof, another year's root.
    @Test func whatIsOfAnotherFails() throws {
        let state = try Self.state.get()
        let root = state.tree.root.hexadecimal
        let districts = state.packages.districts
        let own = try content(state, districts[0])
        let other = try content(state, districts[1])
        #expect(PackageCheck(own, district: districts[0], year: 2019).holds)
        #expect(!PackageCheck(own, district: districts[1], year: 2019).holds)
        #expect(!PackageCheck(own, district: districts[0], year: 2018).holds)
        var mixed = own
        mixed[DistrictPackage.Name.proof] = other[DistrictPackage.Name.proof]
        let check = try check(mixed, root)
        #expect(check.findings.contains { $0.result == .fails && $0.place == DistrictPackage.Name.proof })
        let another = String(root.reversed())
        let elsewhere = try self.check(own, another)
        #expect(elsewhere.findings.contains { $0.result == .fails && $0.place == "root" })
    }

    /// A figure that is changed together with its digests fails at the derivation, besides at the root.
    @Test func aFigureThatIsChangedWithItsDigestsFails() throws {
        let state = try Self.state.get()
        let whole = try #require(
            state.determinations.first { $0.spans.first?.columns.first?.indicators.isEmpty == false }
        )
        let district = try #require(OrganizationCode(whole.orgCode)?.district)
        let package = try state.packages.package(of: district)
        var files = package.files
        let place = try #require(files.firstIndex { $0.name == "determinations/\(whole.orgCode).json" })
        var determination = try Accountability_V1_Determination(jsonUTF8Bytes: files[place].bytes)
        determination.spans[0].columns[0].indicators[0].value = "1.5"
        files[place] = DistrictPackage.File(
            name: files[place].name,
            bytes: Array((try determination.jsonString() + "\n").utf8)
        )
        let old = package.statement
        let statement = PackageStatement(
            district: old.district,
            files: files.map(PackageStatement.File.init),
            format: old.format,
            framework: old.framework,
            frameworkDigest: old.frameworkDigest,
            salt: old.salt,
            schoolYear: old.schoolYear
        )
        var content = Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.bytes) })
        content[DistrictPackage.Name.statement] = statement.bytes
        let tree = MerkleTree(leaves: [MerkleTree.leaf(statement.bytes)])
        content[DistrictPackage.Name.proof] = PackageProof(tree, at: 0).bytes
        let check = try check(content, state.tree.root.hexadecimal)
        let places = check.findings.filter { $0.result == .fails }.map(\.place)
        #expect(places.contains("root") && places.contains { $0.hasPrefix("explanations/") }, "\(check.findings)")
    }

    /// Every row of the year is in one package, with what the receipts say in sum, and without its content.
    @Test func theRowsAreThoseOfTheReceipts() throws {
        let state = try Self.state.get()
        let own = try content(state, state.special)
        let text = String(decoding: try #require(own[DistrictPackage.Name.rows]), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "submission,file,layout,line,outcome,codes")
        func outcome(_ file: String, _ line: Int) -> String? {
            lines.first { $0.hasPrefix("\(file),\(file),attendance,\(line),") }
                .map { $0.split(separator: ",", omittingEmptySubsequences: false).suffix(2).joined(separator: ",") }
        }
        #expect(outcome("corrections-package-a.csv", 2) == "unchanged,")
        #expect(outcome("corrections-package-a.csv", 3) == "rejected,out_of_range")
        #expect(outcome("corrections-package-b.csv", 2) == "accepted,")
        var sums: [String: [Int]] = [:]
        for district in state.packages.districts {
            let files = try content(state, district)[DistrictPackage.Name.files] ?? []
            var reader = try CSVReader(bytes: files)
            while try reader.next() {
                let counts = (3...6).map { Int(reader.text($0)) ?? -1 }
                let before = sums[reader.text(0)] ?? [0, 0, 0, 0]
                sums[reader.text(0)] = zip(before, counts).map { $0 + $1 }
            }
        }
        #expect(state.packages.strays == 0)
        for (submission, sum) in sums {
            #expect(sum[0] == sum[1] + sum[2] + sum[3], "\(submission)")
            guard submission.contains("2019"), submission.hasPrefix("a") else { continue }
            let lines = try String(contentsOfFile: "\(state.folder)/\(submission)", encoding: .utf8)
                .split(separator: "\n")
            #expect(sum[0] == lines.count - 1, "\(submission)")
        }
        #expect(sums.count > 4)
    }

    /// The root is that of before the release, whatever the release says; and the release changes no determination but
    /// its status.
    @Test func theReleaseCarriesTheRootAndChangesNothingInIt() throws {
        let state = try Self.state.get()
        let root = state.tree.root.hexadecimal
        let files = try Self.files.get()
        let act = try files.write(
            "directives-root.csv",
            """
            school_year,org_code,directive,kind,effective_date,end_date,packages_root
            2019,00000000,framework_step,proposed,2018-01-10,,
            2019,00000000,framework_step,comment_opened,2018-02-01,2018-03-15,
            2019,00000000,framework_step,recommended,2018-05-01,,
            2019,00000000,framework_step,approved,2018-06-20,,
            2019,00000000,release,official,2019-09-24,,\(root)

            """
        )
        let released = try Self.make(files, acts: [act])
        #expect(released.tree.root.hexadecimal == root)
        let plain = Dictionary(uniqueKeysWithValues: state.determinations.map { ($0.orgCode, $0.withoutRelease) })
        #expect(state.determinations.allSatisfy { $0.status != "official" })
        for determination in released.determinations {
            #expect(determination.status == "official")
            #expect(plain[determination.orgCode] == determination.withoutRelease, "\(determination.orgCode)")
        }
    }

    /// What a release with packages rests on: every package of the folder, whole, and the determinations that stand.
    @Test func aReleaseTakesPackagesOfWhatStandsOnly() throws {
        let state = try Self.state.get()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("packages-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func write(_ name: String, _ bytes: [UInt8]) throws {
            let place = URL(fileURLWithPath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(bytes).write(to: place)
        }
        let root = state.tree.root.hexadecimal
        let list = PackageList(districts: state.packages.districts.map(\.description), root: root, schoolYear: 2019)
        try write(PackageList.name, PackageJSON.bytes(list))
        for district in state.packages.districts {
            for file in try state.packages.files(of: district, state.tree) {
                try write("\(district)/\(file.name)", file.bytes)
            }
        }
        let packages = try ReleasedPackages(folder)
        try packages.check(2019, state.determinations)
        #expect(packages.list.root == root)
        #expect(throws: (any Error).self) { try packages.check(2018, state.determinations) }
        #expect(throws: (any Error).self) { try packages.check(2019, Array(state.determinations.dropFirst())) }
        var other = state.determinations
        other[3].reasons.append("low_graduation")
        #expect(throws: (any Error).self) { try packages.check(2019, other) }
        let district = try #require(state.packages.districts.first)
        try write("\(district)/\(DistrictPackage.Name.rows)", [0x41])
        #expect(throws: (any Error).self) { try packages.check(2019, state.determinations) }
    }

    /// A district's own files come to the same figures; with one student's days changed they do not.
    @Test func theOwnFilesComeToTheSame() throws {
        let state = try Self.state.get()
        let district = try #require(
            state.packages.districts.first { $0 != state.special && state.packages.names(of: $0).count > 6 }
        )
        let content = try content(state, district)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var hasChanged = false
        func own(changing: Bool) throws -> PackageCheck {
            for file in try Self.files.get().files where file.layout != .directives && file.layout != .targets {
                var reader = try CSVReader(path: file.path)
                let code = try #require(reader.header.firstIndex(of: "org_code"))
                let absent = reader.header.firstIndex(of: "days_absent")
                var writer = try CSVWriter(path: "\(folder)/\(file.name)")
                try writer.writeRow(reader.header)
                while try reader.next() {
                    var fields = (0..<reader.fieldCount).map { reader.text($0) }
                    guard OrganizationCode(fields[code])?.district == district else { continue }
                    if changing, let absent, file.name.contains("2019") {
                        fields[absent] = fields[absent] == "0" ? "100" : "0"
                        hasChanged = true
                    }
                    try writer.writeRow(fields)
                }
                try writer.close()
            }
            var check = PackageCheck(content)
            try PackageRecomputation(
                try InputFolder(path: folder).files,
                year: 2019,
                district: district,
                .builtIn,
                threads: 1
            )
            .compare(&check, content)
            return check
        }
        let same = try own(changing: false)
        #expect(same.holds, "\(same.findings)")
        let figures = same.findings.first { $0.result == .holds && $0.place == "figures" }
        let count = figures?.text.split(separator: " ").first.flatMap { Int($0) } ?? 0
        #expect(count > 20, "\(same.findings)")
        #expect(same.findings.contains { $0.result == .undecided && $0.text == PackageRecomputation.taken })
        let changed = try own(changing: true)
        #expect(hasChanged && !changed.holds)
        #expect(
            changed.findings.contains { $0.result == .fails && $0.text.contains("chronic_absenteeism") },
            "\(changed.findings)"
        )
    }
}
