import Foundation
import Messages
import Tables
import Testing

@testable import statewide

/// A state in a directory of its own, removed at the end.
final class GeneratedState {
    let directory: String
    let generated: Generated

    init(students: Int = 3000, seed: UInt64 = 1, compressed: Bool = false) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let plan = Plan(seed: seed, students: students, year: 2019, compressed: compressed)
        generated = try Generator.write(plan, into: directory)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var entries: [TableFile.Entry] { generated.files + generated.corrections }

    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
    }

    /// The rows of a file, each from column to value.
    func rows(_ name: String) throws -> [[String: String]] {
        var reader = try CSVReader(path: "\(directory)/\(name)")
        let header = reader.header
        var rows: [[String: String]] = []
        while try reader.next() {
            rows.append(Dictionary(uniqueKeysWithValues: header.enumerated().map { ($1, reader.text($0)) }))
        }
        return rows
    }
}

@Suite struct StatewideTests {
    @Test func sameSeedSameBytesOtherSeedOtherBytes() throws {
        let first = try GeneratedState(seed: 5)
        let second = try GeneratedState(seed: 5)
        let other = try GeneratedState(seed: 6)
        for entry in first.entries {
            #expect(try first.bytes(entry.name) == second.bytes(entry.name), "\(entry.name)")
            #expect(try first.bytes(entry.name) != other.bytes(entry.name), "\(entry.name)")
        }
    }

    /// What the generator once gave it must always give: other tests and reports rest on it.
    @Test func theGeneratorOfNumbersIsFixed() {
        var random = Random(seed: 1, stream: 2, index: 3)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(numbers == [2_776_531_079_773_345_216, 1_438_982_094_525_721_965, 9_399_716_727_272_897_099])
        var counts = [Int](repeating: 0, count: 10)
        var sum = 0
        for _ in 0..<10_000 {
            counts[random.below(10)] += 1
            sum += random.normal(1000)
        }
        #expect(counts.allSatisfy { 850...1150 ~= $0 })
        #expect(abs(sum / 10_000) < 50)
    }

    @Test func everyRowFitsItsLayout() throws {
        let state = try GeneratedState()
        for entry in state.entries {
            var reader = try CSVReader(path: "\(state.directory)/\(entry.name)")
            let match = try Layout.recognize(header: reader.header)
            #expect(match.layout == entry.layout)
            var rows = 0
            var misfits = 0
            while try reader.next() {
                rows += 1
                for (column, position) in zip(match.layout.columns, match.positions) {
                    let value = position.map { reader.text($0) } ?? ""
                    if !fits(value, column) {
                        misfits += 1
                        if misfits < 5 { Issue.record("\(entry.name):\(reader.line) \(column.name): \(value)") }
                    }
                }
            }
            #expect(rows == entry.rows && rows > 0)
        }
    }

    private func fits(_ value: String, _ column: Column) -> Bool {
        if value.isEmpty { return !column.required }
        switch column.kind {
        case .year: return value == "2018" || value == "2019"
        case .code8: return value.count == 8 && value.allSatisfy(\.isNumber)
        case .studentIdentifier: return value.count == 10 && value.allSatisfy(\.isNumber)
        case .integer(let bounds): return Int(value).map(bounds.contains) ?? false
        case .decimal(let bounds): return Double(value).map { bounds.contains(Int($0)) } ?? false
        case .choice(let words, _): return words.contains(value)
        case .yesNo: return value == "Y" || value == "N"
        case .grade(let orAll):
            return (orAll && value == "all") || (value.count == 2 && Int(value).map { 1...12 ~= $0 } ?? false)
        case .group: return Vocabulary.groups.contains(value)
        case .date: return value.count == 10
        case .text(let maxLength): return value.utf8.count <= maxLength
        }
    }

    @Test func organizationsExistAndKeysAreUnique() throws {
        let state = try GeneratedState()
        var known: Set<String> = []
        for entry in state.generated.files {
            var keys: Set<String> = []
            for row in try state.rows(entry.name) {
                let key = entry.layout.key.map { row[$0] ?? "" }.joined(separator: ",")
                if !keys.insert(key).inserted { Issue.record("\(entry.name): \(key) twice") }
                let organization = (row["school_year"] ?? "") + (row["org_code"] ?? "")
                if entry.layout == .organizations { known.insert(organization) }
                if !known.contains(organization) { Issue.record("\(entry.name): unknown \(organization)") }
            }
        }
        for entry in state.generated.corrections {
            for row in try state.rows(entry.name) {
                #expect(known.contains((row["school_year"] ?? "") + (row["org_code"] ?? "")))
            }
        }
    }

    @Test(arguments: [100, 3000, 20_000])
    func bothYearsHaveExactlyTheStudents(_ students: Int) throws {
        let state = try GeneratedState(students: students)
        for year in [2018, 2019] {
            let identifiers = try state.rows("attendance-\(year).csv").map { $0["student_id"] }
            #expect(identifiers.count == students)
            #expect(Set(identifiers).count == students)
        }
        let tests = try state.rows("assessment_results-2019.csv")
        let expected = students * 7 / 12
        #expect(abs(tests.count - expected) <= 7)
        #expect(state.generated.schools >= 4)
    }

    @Test func studentsProgressFromYearToYear() throws {
        let state = try GeneratedState()
        let prior = try state.rows("assessment_results-2018.csv")
        let before = Dictionary(uniqueKeysWithValues: prior.map { ($0["student_id"] ?? "", $0) })
        var matched = 0
        var moved = 0
        for row in try state.rows("assessment_results-2019.csv") {
            guard let old = before[row["student_id"] ?? ""] else {
                #expect(row["ela_prior_scaled_score"] == "" && row["math_prior_scaled_score"] == "")
                continue
            }
            matched += 1
            #expect(Int(row["grade"] ?? "") == Int(old["grade"] ?? "").map { $0 + 1 })
            #expect(row["ela_prior_scaled_score"] == old["ela_scaled_score"])
            #expect(row["math_prior_scaled_score"] == old["math_scaled_score"])
            #expect(row["prior_org_code"] == old["org_code"])
            #expect((row["ela_sgp"] != "") == (row["ela_scaled_score"] != "" && old["ela_scaled_score"] != ""))
            if row["org_code"] != old["org_code"] { moved += 1 }
        }
        #expect(matched > 1100)
        #expect(moved * 20 > matched && moved * 2 < matched)
    }

    @Test func shapesAreThoseOfAState() throws {
        let state = try GeneratedState(students: 20_000, seed: 3)
        let tests = try state.rows("assessment_results-2019.csv")
        func share(_ column: String, _ values: Set<String>, of rows: [[String: String]]) -> Int {
            rows.filter { values.contains($0[column] ?? "") }.count * 1000 / rows.count
        }
        #expect(10...40 ~= 1000 - share("math_status", ["T", "ALT"], of: tests))
        #expect(50...250 ~= share("el_status", ["EL", "FEL", "FY"], of: tests))
        #expect(120...230 ~= share("swd", ["Y"], of: tests))
        #expect(200...550 ~= share("low_income", ["Y"], of: tests))
        #expect(950...995 ~= share("enrolled_since_october", ["Y"], of: tests))
        for subject in ["ela", "math"] {
            let scores = tests.compactMap { Int($0["\(subject)_scaled_score"] ?? "") }
            #expect(scores.allSatisfy { 440...560 ~= $0 })
            #expect(490...510 ~= scores.reduce(0, +) / scores.count)
            let growth = tests.compactMap { Int($0["\(subject)_sgp"] ?? "") }
            #expect(45...55 ~= growth.reduce(0, +) / growth.count)
        }
        for row in tests {
            let science = row["science_scaled_score"] ?? ""
            let due = ["05", "08", "10"].contains(row["grade"] ?? "")
            #expect((row["science_status"] == "NR") == !due)
            #expect(science.isEmpty || Int(science).map { $0 % 2 == 0 && 200...280 ~= $0 } ?? false)
            for subject in ["ela", "math", "science"] {
                #expect((row["\(subject)_status"] == "T") == (row["\(subject)_scaled_score"] != ""))
            }
        }
        let attendance = try state.rows("attendance-2019.csv")
        let chronic = attendance.filter { row in
            (Int(row["days_absent"] ?? "") ?? 0) * 10 >= (Int(row["days_enrolled"] ?? "") ?? 0)
        }
        #expect(90...170 ~= chronic.count * 1000 / attendance.count)
    }

    /// The cohort that the determinations of 2019 judge was in grade 12 in 2018, where it was; what became of it
    /// contradicts nothing.
    @Test func theCohortIsThatOfTheDataYear() throws {
        let state = try GeneratedState(students: 20_000, seed: 4)
        let members = try state.rows("graduation_cohort-2019.csv")
        let seniors = try state.rows("attendance-2018.csv").filter { $0["grade"] == "12" }
        #expect(!seniors.isEmpty)
        func places(_ rows: [[String: String]]) -> [String] {
            rows.map { "\($0["student_id"] ?? "") \($0["org_code"] ?? "")" }
        }
        #expect(places(members) == places(seniors))
        for row in members {
            #expect(row["school_year"] == "2019" && row["cohort_year"] == "2018")
            let flags = ["four_year_graduate", "five_year_graduate", "still_enrolled_after_five", "dropped_out"]
                .map { row[$0] == "Y" }
            #expect(!flags[0] || flags[1])
            #expect(flags[1...].filter { $0 }.count <= 1)
        }
        let graduates = members.count { $0["four_year_graduate"] == "Y" } * 1000 / members.count
        #expect(750...970 ~= graduates)
        #expect(5...120 ~= members.count { $0["dropped_out"] == "Y" } * 1000 / members.count)
        // What the file covers is not supplied again.
        let supplied = Set(
            try state.rows("indicator_values.csv").map { "\($0["school_year"] ?? "") \($0["indicator"] ?? "")" }
        )
        #expect(
            supplied == [
                "2018 four_year_graduation", "2018 dropout", "2018 extended_engagement", "2019 extended_engagement",
            ]
        )
    }

    @Test func aWholeStateHasTheSizeOfARealOne() {
        let state = StateBuilder.build(seed: 1, students: 950_000)
        #expect(380...420 ~= state.districts.count)
        #expect(1750...1950 ~= state.schools.count)
        #expect(Set(state.schools.map(\.code)).count == state.schools.count)
        #expect(Set(state.districts.map(\.code)).count == state.districts.count)
        #expect(state.schools.allSatisfy { $0.code.count == 8 })
        let largest = state.catchments.map(\.size).max() ?? 0
        #expect(25...70 ~= largest * 1000 / (state.ends.last ?? 1))
        for catchment in state.catchments {
            for grade in 1...12 {
                let school = catchment.school(grade: grade, home: 65_535, lot: 999, in: state)
                #expect(state.schools[school].grades.contains(grade))
            }
        }
    }

    @Test func correctionsChangeDeleteAndMove() throws {
        let state = try GeneratedState()
        let original = try state.rows("assessment_results-2019.csv")
        let before = Dictionary(uniqueKeysWithValues: original.map { ($0["student_id"] ?? "", $0) })
        var changed = 0
        var deleted = 0
        var moved = 0
        for row in try state.rows("corrections-assessment_results.csv") {
            let old = try #require(before[row["student_id"] ?? ""])
            if row["action"] == "delete" {
                deleted += 1
            } else if row["org_code"] != old["org_code"] {
                moved += 1
            } else {
                #expect(row["ela_scaled_score"] != old["ela_scaled_score"])
                changed += 1
            }
        }
        #expect(changed > 0 && deleted > 0 && moved > 0)
        let actions = Set(try state.rows("corrections-attendance.csv").map { $0["action"] })
        #expect(actions == ["upsert", "delete"])
    }

    @Test func compressedFilesHoldTheSame() throws {
        let plain = try GeneratedState(students: 500)
        let compressed = try GeneratedState(students: 500, compressed: true)
        for (left, right) in zip(plain.entries, compressed.entries) {
            #expect(right.name == left.name + ".gz")
            #expect(try plain.rows(left.name) == compressed.rows(right.name))
        }
    }

    /// The state's counts are those of the students: who is due is tested, absent or excused, and each column is in the
    /// total.
    @Test func participationCountsAddUp() throws {
        let state = try GeneratedState(students: 3000)
        let rows = try state.rows("participation_counts.csv")
        let students = try state.rows("assessment_results-2019.csv")
        let row = try #require(
            rows.first { $0["school_year"] == "2019" && $0["group"] == "all_students" && $0["subject"] == "ELA" }
        )
        func count(_ column: String) -> Int { row[column].flatMap { Int($0) } ?? -1 }
        #expect(count("enrolled") == students.count { $0["ela_status"] != "NR" })
        #expect(count("standard") == students.count { $0["ela_status"] == "T" && $0["enrolled_since_october"] == "Y" })
        #expect(
            count("after_october") == students.count { $0["ela_status"] == "T" && $0["enrolled_since_october"] == "N" }
        )
        #expect(count("absent") == students.count { $0["ela_status"] == "ABS" })
        #expect(count("el_not_tested") == students.count { $0["ela_status"] == "EXN" })
        let columns = [
            "standard", "alternate", "absent", "medical", "first_year_el", "after_october", "el_not_tested",
        ]
        #expect(count("enrolled") == columns.reduce(0) { $0 + count($1) })
    }

    @Test func manifestIsJSON() throws {
        let state = try GeneratedState(students: 500)
        let text = state.generated.manifest(Plan(seed: 1, students: 500, year: 2019))
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let files = object?["files"] as? [[String: Any]]
        #expect(files?.first?["file"] as? String == "organizations.csv")
        #expect(files?.count == 14)
        #expect((object?["corrections"] as? [Any])?.count == 2)
    }
}
