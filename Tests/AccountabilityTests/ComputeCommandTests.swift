import ArgumentParser
import Foundation
import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing
import Year

@testable import accountability
@testable import Reading

/// The command's files, exit codes and errors, with good folders and hostile ones.
@Suite struct ComputeCommandTests {
    /// A folder that is removed at the end.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("compute-\(UUID().uuidString)").path

        init(_ files: [String: String] = [:]) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, text) in files { try write(name, text) }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }

        func lines(_ name: String) throws -> [String] {
            try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8).split(separator: "\n").map(String.init)
        }

        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }
    }

    private static let organizations = """
        school_year,org_code,org_type,name,district_code,comparison_group,enrollment,non_high_enrollment,high_enrollment
        2019,00010000,district,Aville,,,120,120,0
        2019,00010505,school,Aville Elementary,00010000,non_high,120,120,0
        2018,00010000,district,Aville,,,120,120,0
        2018,00010505,school,Aville Elementary,00010000,non_high,120,120,0

        """

    private static func counts(_ year: Int, present: Int) -> String {
        """
        school_year,org_code,grade,group,subject,enrolled,standard,alternate,absent,medical,first_year_el,after_october
        \(year),00010505,all,all_students,ELA,60,\(present),0,\(60 - present),0,0,0
        \(year),00010505,all,all_students,Math,60,\(present),0,\(60 - present),0,0,0

        """
    }

    /// Runs the command; the exit code that it ends with.
    private func run(_ arguments: [String]) throws -> Int32 {
        let command = try ComputeCommand.parse(arguments)
        do {
            try command.run()
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        }
    }

    @Test func theFilesAreThoseOfTheInterface() throws {
        let input = try Folder([
            "organizations.csv": Self.organizations,
            "participation-2019.csv": Self.counts(2019, present: 40),
            "participation-2018.csv": Self.counts(2018, present: 60),
            "corrections.csv": Self.counts(2019, present: 60),
            "notes.txt": "not a table",
            ".hidden.csv": "neither",
        ])
        let out = try Folder()
        #expect(try run([input.path, "--out", out.path]) == 0)
        let names = [2018, 2019]
            .flatMap { year in
                [
                    "canonical-\(year).txt", "determinations-\(year).csv", "determinations-\(year).json",
                    "participation-\(year).csv", "percentiles-\(year).csv", "publications-\(year).csv",
                ]
            }
        #expect(out.names == (names + ["rejections.csv"]).sorted())
        #expect(try out.lines("determinations-2019.csv")[0] == DeterminationRows.columns.joined(separator: ","))
        #expect(try out.lines("participation-2019.csv")[0] == ParticipationRow.columns.joined(separator: ","))
        #expect(try out.lines("percentiles-2019.csv")[0] == PercentileRows.columns.joined(separator: ","))
        #expect(try out.lines("rejections.csv") == [RejectionsCommand.columns.joined(separator: ",")])
        // 40 of 60 are 67 percent: the standard is missed, 603 CMR 2.03(2)(d).
        #expect(
            try out.lines("participation-2019.csv")
                .contains("2019,00010505,all,all_students,ELA,40,60,67,66.6667,false")
        )
        let school = try #require(try out.lines("determinations-2019.csv").first { $0.contains("00010505") })
        #expect(school.contains("low_participation"))
        let json = try JSONSerialization.jsonObject(
            with: Data(try out.lines("determinations-2019.json").joined().utf8)
        )
        #expect((json as? [[String: Any]])?.count == 2)
        #expect(try out.lines("canonical-2019.txt").count == 2)

        // A correction is taken where it is named, and only there; one year alone can be asked for.
        let later = try Folder()
        #expect(
            try run([
                input.path, "--out", later.path, "--year", "2019", "--also", "\(input.path)/corrections.csv",
                "--threads", "1",
            ]) == 0
        )
        #expect(later.names == names.filter { $0.contains("2019") }.sorted() + ["rejections.csv"])
        let corrected = try #require(try later.lines("determinations-2019.csv").first { $0.contains("00010505") })
        #expect(!corrected.contains("low_participation") && corrected.contains("corrections.csv"))
    }

    @Test func rejectedRowsAndRefusedFilesEndWith65AndTakeNothingElseWithThem() throws {
        let input = try Folder([
            "organizations.csv": Self.organizations,
            "participation.csv": Self.counts(2019, present: 40) + "2019,00990505,all,nobody,ELA,60,60,0,0,0,0,0\n",
            "surprise.csv": "name,shoe_size\nAda,36\n",
            "empty.csv": "",
            "damaged.csv.gz": "this is no gzip",
        ])
        let out = try Folder()
        #expect(try run([input.path, "--out", out.path]) == 65)
        let rejections = try out.lines("rejections.csv")
        #expect(rejections.count == 2)
        #expect(rejections.last?.hasPrefix("participation.csv,participation.csv,4,participation_counts,") == true)
        // Content never leaves the file.
        #expect(!rejections.joined().contains("nobody") && !rejections.joined().contains("Ada"))
        #expect(try out.lines("canonical-2019.txt").count == 2)
    }

    /// Years that no framework reaches are not taken: the rejection says so, and not to open a year of an installation.
    @Test func aYearPastTheLastFrameworkSaysWhatIsMissing() throws {
        let rows = Self.organizations + "2030,00010000,district,Aville,,,120,120,0\n"
        let input = try Folder(["organizations.csv": rows, "participation.csv": Self.counts(2030, present: 60)])
        let out = try Folder()
        #expect(try run([input.path, "--out", out.path]) == 65)
        let rejections = try out.lines("rejections.csv").filter { $0.contains("year_not_open") }
        #expect(rejections.count == 3)
        for line in rejections {
            #expect(line.contains("no framework covers school year 2030") && line.contains("--framework draft.yaml"))
            #expect(!line.contains("open-year"))
        }
        let other = try Folder()
        #expect(try run([input.path, "--out", other.path, "--year", "2030"]) == 65)
        #expect(other.names.isEmpty)
        // The advice holds.
        try input.write(
            "draft.yaml",
            try Framework.of(schoolYear: 2025).template(name: "draft", schoolYears: [2030]) { $0.status == .assumed }
        )
        #expect(try run([input.path, "--out", other.path, "--framework", "\(input.path)/draft.yaml"]) == 0)
        #expect(other.names.contains("determinations-2030.csv"))
    }

    /// A school with both spans and without their enrolment has no weights; `completeness` says it in the same words.
    @Test func saysWhereTheWeightsOfSpansAreMissing() throws {
        let rows = """
            school_year,org_code,org_type,name,district_code,comparison_group,grades_served,enrollment,non_high_enrollment,high_enrollment
            2019,00010000,district,Aville,,,,300,,
            2019,00010505,school,Aville Academy,00010000,,"06,07,08,09,10,11,12",300,,
            2018,00010000,district,Aville,,,,300,120,180
            2018,00010505,school,Aville Academy,00010000,,"06,07,08,09,10,11,12",300,120,180

            """
        let input = try Folder(["organizations.csv": rows, "participation-2019.csv": Self.counts(2019, present: 60)])
        let files = try InputFolder(path: input.path, options: FileIngestion.Options()).files
        let result = try YearComputation(settings: YearProcess.Settings(threads: 1)).run(files)
        #expect(
            try YearOutput(year: 2019, result.tables).withoutWeights()
                == "2019: 2 no_enrollment (00010000 organizations, 00010505 organizations): "
                + "an organization has both spans, but not the enrolment that weighs them"
        )
        #expect(try YearOutput(year: 2018, result.tables).withoutWeights() == nil)
        #expect(CompletenessCommand.configuration.discussion.contains(Completeness.Finding.noEnrollment.words))
    }

    /// The advice names the newest built-in framework, whatever it is.
    @Test func theAdviceNamesTheNewestFramework() throws {
        let newest = try #require(Framework.documents.map(\.name).max())
        #expect(try Framework.all().allSatisfy { ($0.schoolYears.max() ?? 0) <= Int(newest) ?? 0 })
        #expect(RejectionOutput.uncovered([2031]).contains("template 2031 --based-on \(newest) >"))
    }

    /// The same files give the same bytes, at any time.
    @Test func twoRunsGiveTheSameBytes() throws {
        let input = try Folder([
            "organizations.csv": Self.organizations,
            "participation-2019.csv": Self.counts(2019, present: 40),
            "directives.csv":
                "school_year,org_code,directive,kind,effective_date,end_date,reason,reference,rating,parts\n"
                + "2019,00000000,release,official,2019-09-24,,,,,\n",
        ])
        let folders = [try Folder(), try Folder()]
        for folder in folders {
            #expect(try run([input.path, "--out", folder.path]) == 0)
            Thread.sleep(forTimeInterval: 0.01)
        }
        #expect(folders[0].names == folders[1].names && folders[0].names.count > 5)
        for name in folders[0].names {
            let both = try folders.map { try Data(contentsOf: URL(fileURLWithPath: "\($0.path)/\(name)")) }
            #expect(both[0] == both[1], "\(name)")
        }
    }

    /// Supplied figures that student records stand in for are rejected, whichever came first.
    @Test(arguments: ["a-counts.csv", "z-counts.csv"]) func shadowedFiguresEndWith65(_ name: String) throws {
        let tests = """
            school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_since_october,prior_org_code,\
            ela_status,ela_scaled_score,ela_sgp,ela_prior_scaled_score,math_status,math_scaled_score,math_sgp,\
            math_prior_scaled_score,science_status,science_scaled_score
            2019,00010505,S1,05,white,N,N,N,Y,,T,500,50,,T,500,50,,NR,

            """
        let input = try Folder([
            "organizations.csv": Self.organizations, name: Self.counts(2019, present: 40),
            "m-assessment_results.csv": tests,
        ])
        let out = try Folder()
        #expect(try run([input.path, "--out", out.path]) == 65)
        #expect(try out.lines("rejections.csv").filter { $0.contains(",supplied_shadowed,") }.count == 2)
        #expect(try out.lines("canonical-2019.txt").count == 2)
    }

    /// Figures that student records stand in for are counted as rejected, and those of which that is over are not.
    @Test func aReceiptTellsOfShadowedFigures() {
        func receipt(_ records: [Accountability_V1_Rejection]) -> String {
            var outcome = SubmissionOutcome(id: "a-1", fileName: "counts.csv")
            (outcome.layout, outcome.rows, outcome.accepted) = ("participation_counts", 3, 3)
            outcome.countShadowed(records)
            return ReceiptText.lines(outcome, isPlaced: false)
        }
        let records = ["", "", "b-2"]
            .map { closedBy in
                Accountability_V1_Rejection.with {
                    ($0.submission, $0.code, $0.closedBy) = ("a-1", "supplied_shadowed", closedBy)
                }
            }
        let text = receipt(records)
        #expect(text.contains("3 rows = 1 accepted + 2 rejected + 0 unchanged"))
        #expect(text.contains("rejected: supplied_shadowed × 2"))
        #expect(!receipt([records[2]]).contains("supplied_shadowed"))
    }

    @Test func whatCannotBeComputedSaysSoAndWritesNothing() throws {
        let out = try Folder()
        let empty = try Folder()
        #expect(try run([empty.path, "--out", out.path]) == 65)
        #expect(try run(["\(empty.path)/nowhere", "--out", out.path]) == 65)
        let input = try Folder(["organizations.csv": Self.organizations])
        #expect(try run([input.path, "--out", out.path, "--also", "\(input.path)/none.csv"]) == 65)
        #expect(try run([input.path, "--out", out.path, "--year", "2016"]) == 65)
        #expect(try run([input.path, "--out", out.path, "--key", "\(input.path)/organizations.csv"]) == 78)
        try input.write("draft.yaml", "name: draft\n")
        #expect(try run([input.path, "--out", out.path, "--framework", "\(input.path)/draft.yaml"]) == 65)
        #expect(try run([input.path, "--out", "\(input.path)/organizations.csv"]) == 65)
        #expect(out.names == [])
        #expect(throws: (any Error).self) { try ComputeCommand.parse([input.path, "--out", input.path]) }
        #expect(throws: (any Error).self) { try ComputeCommand.parse([input.path, "--out", "x", "--threads", "0"]) }
        #expect(throws: (any Error).self) { try ComputeCommand.parse([input.path]) }
    }

    @Test func aFolderIsSwept() throws {
        let input = try Folder([
            "organizations.csv": Self.organizations,
            "participation-2019.csv": Self.counts(2019, present: 40),
        ])
        func sweep(_ arguments: [String]) throws -> Int32 {
            let command = try SweepCommand.parse(arguments)
            do {
                try command.run()
                return 0
            } catch let code as ExitCode {
                return code.rawValue
            }
        }
        for format in ["csv", "json", "table"] {
            #expect(
                try sweep(["2019", "--files", input.path, "--under", "participation", "--format", format]) == 0
            )
        }
        #expect(try sweep(["2023", "--files", input.path]) == 65)
        #expect(throws: (any Error).self) { try SweepCommand.parse(["2019", "--also", "x.csv"]) }
    }

    @Test func anActIsNamedInTheWordsOfItsCommand() throws {
        let words =
            "designation underperforming --year 2019 --org 00010505 --date 2018-10-15 --reason \"Four 'low' years\""
        let act = try PreviewedAct(words)
        #expect(act.text.contains("2019,00010505,") && act.text.contains("Four 'low' years"))
        #expect(try PreviewedAct.split(" a  'b c' d\"e f\" '' ") == ["a", "b c", "de f", ""])
        #expect(throws: (any Error).self) { try PreviewedAct("designation") }
        #expect(throws: (any Error).self) { try PreviewedAct("--list") }
        #expect(throws: (any Error).self) { try PreviewedAct("release official --year 2019 --reason \"open") }
        #expect(throws: (any Error).self) { try PreviewCommand.parse(["--by-parameter", "x.csv"]) }
        #expect(try PreviewCommand.parse(["--directive", words, "--format", "csv"]).format == .csv)
    }
}
