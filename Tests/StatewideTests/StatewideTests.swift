import Foundation
import Messages
import Tables
import Testing

@testable import statewide

/// A state in a directory of its own, removed at the end.
final class GeneratedState {
    let directory: String
    let generated: Generated

    init(students: Int = 3000, seed: UInt64 = 1, compressed: Bool = false, places: Int? = nil) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let plan = Plan(seed: seed, students: students, year: 2019, compressed: compressed, places: places)
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
    @Test func fewStudentsInThePlacesOfMany() throws {
        let few = try GeneratedState(students: 1500, places: 20_000)
        let many = try GeneratedState(students: 20_000)
        #expect(few.generated.districts == many.generated.districts && few.generated.schools == many.generated.schools)
        let students = try few.rows("attendance-2019.csv").count
        #expect((1400...1600).contains(students), "\(students)")
        let codes = Set(try few.rows("organizations.csv").map { $0["org_code"] ?? "" })
        #expect(codes == Set(try many.rows("organizations.csv").map { $0["org_code"] ?? "" }))
    }

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
        // A cohort in its fifth year was due two years before.
        case .year: return value == "2018" || value == "2019" || column.name == "cohort_year" && value == "2017"
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
        case .text(let maxLength), .document(let maxLength): return value.utf8.count <= maxLength
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
            // Growth is of the standard test alone.
            #expect((row["ela_sgp"] != "") == (row["ela_status"] == "T" && old["ela_scaled_score"] != ""))
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
            // In 2019 only high school science is still on the legacy scale, of even numbers.
            let isLegacy = row["grade"] == "10"
            #expect(
                science.isEmpty
                    || Int(science).map { isLegacy ? $0 % 2 == 0 && 200...280 ~= $0 : 440...560 ~= $0 } ?? false
            )
            for subject in ["ela", "math", "science"] {
                let isScored = row["\(subject)_scaled_score"] != ""
                switch row["\(subject)_status"] {
                case "T": #expect(isScored)
                case "ALT", "EXN": break
                default: #expect(!isScored)
                }
            }
        }
        // Alternate results and those without the language test: some with a score, some without one.
        for (column, status) in [("ela", "ALT"), ("math", "ALT"), ("ela", "EXN")] {
            let scores = tests.filter { $0["\(column)_status"] == status }.map { $0["\(column)_scaled_score"] != "" }
            #expect(scores.contains(true) && scores.contains(false), "\(column) \(status)")
        }
        // First-year learners are exempt in any subject, and sometimes tested.
        for subject in ["ela", "math", "science"] {
            let statuses = Set(tests.filter { $0["el_status"] == "FY" }.map { $0["\(subject)_status"] ?? "" })
            #expect(statuses.isSuperset(of: subject == "science" ? ["EXF"] : ["EXF", "T"]), "\(subject)")
        }
        let attendance = try state.rows("attendance-2019.csv")
        let chronic = attendance.filter { row in
            (Int(row["days_absent"] ?? "") ?? 0) * 10 >= (Int(row["days_enrolled"] ?? "") ?? 0)
        }
        #expect(90...170 ~= chronic.count * 1000 / attendance.count)
    }

    /// The cohorts that the determinations judge were in grade 12 where they are reported; what became of them
    /// contradicts nothing.
    @Test func theCohortsAreThoseOfTheDataYears() throws {
        let state = try GeneratedState(students: 20_000, seed: 4)
        let members = try state.rows("graduation_cohort-2019.csv")
        let seniors = try state.rows("attendance-2018.csv").filter { $0["grade"] == "12" }
        #expect(!seniors.isEmpty)
        func places(_ rows: [[String: String]]) -> [String] {
            rows.map { "\($0["student_id"] ?? "") \($0["org_code"] ?? "")" }
        }
        // Four years: the seniors of 2018. Five years: those of 2017, whom the determinations of 2018 judge by four
        // years.
        #expect(places(members.filter { $0["cohort_year"] == "2018" }) == places(seniors))
        let before = try state.rows("graduation_cohort-2018.csv")
        #expect(before.allSatisfy { $0["cohort_year"] == "2017" && $0["school_year"] == "2018" } && !before.isEmpty)
        #expect(places(members.filter { $0["cohort_year"] == "2017" }) == places(before))
        for row in members + before {
            let flags = ["four_year_graduate", "five_year_graduate", "still_enrolled_after_five", "dropped_out"]
                .map { row[$0] == "Y" }
            #expect(!flags[0] || flags[1])
            #expect(flags[1...].filter { $0 }.count <= 1)
        }
        let graduates = members.count { $0["four_year_graduate"] == "Y" } * 1000 / members.count
        #expect(750...970 ~= graduates)
        #expect(5...120 ~= members.count { $0["dropped_out"] == "Y" } * 1000 / members.count)
        // What the files cover is not supplied again.
        let supplied = Set(
            try state.rows("indicator_values.csv").map { "\($0["school_year"] ?? "") \($0["indicator"] ?? "")" }
        )
        #expect(supplied == ["2018 extended_engagement"])
    }

    /// The dropout rate of both years is the annual one, of every student of grades 9 to 12 in the year before.
    @Test func dropoutIsAnnualInBothYears() throws {
        let state = try GeneratedState(students: 20_000, seed: 4)
        var rates: [Int] = []
        // Who came after October 1 and dropped out counts above the line only.
        var late = 0
        for year in [2018, 2019] {
            let rows = try state.rows("enrollment_outcomes-\(year).csv")
            #expect(
                rows.allSatisfy {
                    $0["school_year"] == "\(year)" && Int($0["grade"] ?? "").map { 9...12 ~= $0 } == true
                }
            )
            #expect(abs(rows.count - 20_000 / 3) < 250)
            let enrolled = rows.count { $0["enrolled_october"] == "Y" }
            let gone = rows.count { $0["dropped_out"] == "Y" && $0["returned_by_october"] == "N" }
            #expect(rows.contains { $0["dropped_out"] == "Y" && $0["returned_by_october"] == "Y" })
            late += rows.count { $0["dropped_out"] == "Y" && $0["enrolled_october"] == "N" }
            rates.append(gone * 10_000 / enrolled)
        }
        #expect(late > 0)
        // One or two percent, and nearly the same in both years: one kind of rate.
        #expect(rates.allSatisfy { 60...260 ~= $0 } && abs(rates[0] - rates[1]) < 60, "\(rates)")
        let seniors = try state.rows("attendance-2018.csv").filter { Int($0["grade"] ?? "") ?? 0 >= 9 }
        #expect(try state.rows("enrollment_outcomes-2019.csv").count == seniors.count)
    }

    /// Growth in ELA and in mathematics goes together: of students, and of schools.
    @Test func growthOfTheSubjectsIsCorrelated() throws {
        let state = try GeneratedState(students: 20_000, seed: 3)
        var students: [(Int, Int)] = []
        var schools: [String: [(Int, Int)]] = [:]
        for row in try state.rows("assessment_results-2019.csv") {
            guard let ela = Int(row["ela_sgp"] ?? ""), let math = Int(row["math_sgp"] ?? "") else { continue }
            students.append((ela, math))
            schools[row["org_code"] ?? "", default: []].append((ela, math))
        }
        let means = schools.values.filter { $0.count >= 40 }
            .map { pairs in
                (pairs.reduce(0) { $0 + $1.0 } * 100 / pairs.count, pairs.reduce(0) { $0 + $1.1 } * 100 / pairs.count)
            }
        #expect(0.2...0.6 ~= correlation(students))
        #expect(0.5...0.97 ~= correlation(means), "\(correlation(means))")
    }

    private func correlation(_ pairs: [(Int, Int)]) -> Double {
        let count = Double(pairs.count)
        let means = (pairs.reduce(0) { $0 + $1.0 }, pairs.reduce(0) { $0 + $1.1 })
        let (x, y) = (Double(means.0) / count, Double(means.1) / count)
        var sums = (0.0, 0.0, 0.0)
        for pair in pairs {
            let (a, b) = (Double(pair.0) - x, Double(pair.1) - y)
            sums = (sums.0 + a * b, sums.1 + a * a, sums.2 + b * b)
        }
        return sums.0 / (sums.1 * sums.2).squareRoot()
    }

    /// English learners in the upper grades as published: most high schools have enough of them for EL progress.
    @Test func mostHighSchoolsHaveEnglishLearners() throws {
        let state = try GeneratedState(students: 20_000, seed: 1)
        var learners: [String: Int] = [:]
        var tested: [String: Int] = [:]
        for row in try state.rows("english_proficiency-2019.csv") where Int(row["grade"] ?? "") ?? 0 >= 9 {
            learners[row["org_code"] ?? "", default: 0] += 1
        }
        for row in try state.rows("assessment_results-2019.csv") where row["grade"] == "10" {
            tested[row["org_code"] ?? "", default: 0] += 1
        }
        let judged = tested.filter { $0.value >= 20 }.keys
        #expect(judged.count { learners[$0, default: 0] >= 20 } * 2 > judged.count)
        let upper = try state.rows("attendance-2019.csv").filter { Int($0["grade"] ?? "") ?? 0 >= 10 }
        #expect(30...150 ~= upper.count { ["EL", "FY"].contains($0["el_status"]) } * 1000 / upper.count)
    }

    /// ELA targets are a step above where the group stood, on the scale of the value; steps are above and below the
    /// tolerances.
    @Test func targetsAreStepsFromTheValueBefore() throws {
        let state = try GeneratedState(students: 6000, seed: 2)
        let tolerances = [
            "chronic_absenteeism": 5, "dropout": 5, "four_year_graduation": 5, "extended_engagement": 5,
            "el_progress": 30,
            "advanced_coursework": 10,
        ]
        var steps: [String: Set<Bool>] = [:]
        for row in try state.rows("targets.csv") {
            let (indicator, span) = (row["indicator"] ?? "", row["grade_span"] ?? "")
            let baseline = try #require(tenths(row["baseline"]))
            let target = try #require(tenths(row["target"]))
            let isIndex = indicator == "science_achievement" || span == "high" && indicator.hasSuffix("achievement")
            if indicator.hasSuffix("achievement") {
                #expect((isIndex ? 0...1000 : 4400...5600).contains(target), "\(row)")
                #expect(target >= baseline)
            }
            let tolerance = tolerances[indicator] ?? (isIndex ? 12 : 5)
            steps[isIndex ? "cpi" : indicator, default: []].insert(abs(target - baseline) > tolerance)
        }
        for (indicator, sides) in steps { #expect(sides == [true, false], "\(indicator)") }
        #expect(steps.count == 9)
    }

    private func tenths(_ text: String?) -> Int? {
        text.flatMap { Int($0.replacingOccurrences(of: ".", with: "")) }
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
                let school = catchment.school(grade: grade, home: 65_535, lot: 999, year: 2, in: state)
                #expect(state.schools[school].serves(grade, in: 2))
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
        let tested: Set<String?> = ["T", "ALT"]
        #expect(
            count("after_october")
                == students.count { tested.contains($0["ela_status"]) && $0["enrolled_since_october"] == "N" }
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
        #expect(files?.count == 17)
        #expect((object?["corrections"] as? [Any])?.count == 2)
    }
}
