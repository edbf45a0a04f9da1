import ArgumentParser
import Foundation
import Messages
import Operating
import Rules
import Stages
import Testing
@testable import accountability
@testable import Reading

@Suite struct ReadingTests {
    private func determination(
        _ org: String,
        _ classification: String = "not_requiring_assistance",
        revision: UInt32 = 1
    ) -> Accountability_V1_Determination {
        var determination = Accountability_V1_Determination()
        determination.schoolYear = 2019
        determination.orgCode = org
        determination.type = org.hasSuffix("0000") ? .district : .school
        determination.name = "Name, \"quoted\""
        determination.classification = classification
        determination.revision = revision
        determination.status = "preliminary"
        return determination
    }

    @Test func selectsADistrictWithItsSchools() throws {
        let district = try OrganizationSelection("00350000")
        #expect(district.contains("00350000") && district.contains("00350012") && !district.contains("00360012"))
        let school = try OrganizationSelection("00350012")
        #expect(school.contains("00350012") && !school.contains("00350000"))
        #expect(try OrganizationSelection("00000000").contains("00350012"))
        #expect(throws: (any Error).self) { try OrganizationSelection("350012") }
        let year = try YearSelection(2019, district)
        func contains<Key: SchoolYearKey>(_: Key.Type, _ text: String) throws -> Bool {
            year.contains(try #require(Key(text)))
        }
        #expect(try contains(DeterminationKey.self, "2019/00350012"))
        #expect(try contains(ParticipationKey.self, "2019/00350012/all/swd/ELA"))
        #expect(try !contains(DeterminationKey.self, "2018/00350012"))
        #expect(try !contains(DeterminationKey.self, "2019/00360012"))
        #expect(try contains(PercentileKey.self, "2019/threshold/school/high/all_students/dropout"))
    }

    @Test func filtersByWhatWasAsked() {
        var low = determination("00350012", "requiring_assistance", revision: 2)
        low.reasons = ["low_participation"]
        var filter = DeterminationFilter()
        #expect(filter.contains(low))
        filter.reason = "low_participation"
        filter.isRevised = true
        filter.type = .school
        #expect(filter.contains(low) && !filter.contains(determination("00350012")))
        filter.type = .district
        #expect(!filter.contains(low))
    }

    @Test func canonicalFormLeavesPublicationOut() throws {
        let first = determination("00350012")
        var second = determination("00350012", revision: 3)
        second.changes = ["percentile: 11 → 7"]
        second.cause = "corrections"
        second.issuedUnixMilliseconds = 1_700_000_000_000
        let line = try DeterminationRows.canonical(first)
        #expect(try DeterminationRows.canonical(second) == line)
        #expect(!line.contains("\n") && line.contains("\"orgCode\":\"00350012\"") && !line.contains("revision"))
        second.percentile = 0
        #expect(try DeterminationRows.canonical(second) != line)
    }

    @Test func jsonIsOneArray() throws {
        let text = try MessageJSON.array([determination("00350000"), determination("00350012")])
        let array = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(array.count == 2 && array[1]["orgCode"] as? String == "00350012" && array[0]["revision"] as? Int == 1)
        #expect(try MessageJSON.array([Accountability_V1_Determination]()) == "[]\n")
    }

    @Test func fieldsMatchTheirColumns() {
        var full = determination("00350012")
        full.percentile = 7
        full.reasons = ["lowest_10_percent", "low_participation"]
        let row = Dictionary(uniqueKeysWithValues: zip(DeterminationRows.columns, DeterminationRows.fields(full)))
        #expect(DeterminationRows.fields(full).count == DeterminationRows.columns.count)
        #expect(
            row["percentile"] == "7" && row["annual"] == "" && row["reasons"] == "lowest_10_percent;low_participation"
                && row["type"] == "school"
        )
        #expect(CSVLine.text(["a", full.name, ""]) == "a,\"Name, \"\"quoted\"\"\",\n")
    }

    @Test func listingAlignsNumbersToTheRight() {
        let text = Listing(["name", "count"], [["x", "7"], ["longer", "12"]]).text()
        #expect(text == "name    count\nx           7\nlonger     12\n")
        #expect(Listing(["n"], [["abcdefghij"]]).text(limit: 5) == "n\nabcd…\n")
        #expect(Listing(["a", "b"], [["1", "2"]]).only(["b"]).rows == [["2"]])
    }

    @Test func summaryCounts() {
        var low = determination("00350012", "requiring_assistance", revision: 2)
        low.reasons = ["low_participation"]
        low.lowParticipationGroups = ["swd"]
        let summary = DeterminationSummary([
            determination("00350000"), low, determination("00350020", "insufficient_data"),
        ])
        #expect(summary.total == 3 && summary.revised == 1 && summary.participation.low == 1)
        #expect(
            summary.outcomes.map(\.classification) == [
                "not_requiring_assistance", "requiring_assistance", "insufficient_data",
            ]
        )
        #expect(summary.reasons.map(\.reason) == ["low_participation"])
        #expect((try? JSONSerialization.jsonObject(with: Data(summary.json().utf8))) != nil)
    }

    @Test func participationJudgesItsOwnYear() throws {
        var message = Accountability_V1_Participation()
        message.schoolYear = 2019
        message.orgCode = "00350012"
        message.grade = "all"
        message.group = "swd"
        message.subject = "ELA"
        message.participants = 90
        message.denominator = 100
        message.students = 100
        message.rate = 90
        message.rateExact = "90.0000"
        // Met by looking back; not in its own year.
        message.requirementMet = true
        message.met = false
        message.groupLabel = "Students w/disabilities"
        #expect(
            ParticipationRow(message).fields == [
                "2019", "00350012", "all", "Students w/disabilities", "ELA", "90", "100", "90", "90.0000", "false",
            ]
        )
        // CSV and JSON say the same by the name.
        let json = try MessageJSON.array([message])
        #expect(json.contains("\"met\":false") && json.contains("\"requirementMet\":true"))
        message.clearMet()
        #expect(ParticipationRow(message).fields.last == "")
    }

    /// What is below the minimum size is printed where the Department asks for it only.
    @Test func smallGroupsAreLeftOut() throws {
        func message(_ org: String, met: Bool?) -> Accountability_V1_Participation {
            var message = Accountability_V1_Participation()
            message.orgCode = org
            message.subject = "ELA"
            message.rate = 80
            if let met { message.met = met }
            return message
        }
        let all = [message("00350020", met: true), message("00350013", met: nil), message("00350012", met: false)]
        for format in OutputFormat.allCases {
            let plain = try ParticipationCommand.parse(["2019"]).chosen(all, format)
            #expect(plain.messages.map(\.orgCode) == ["00350012", "00350020"] && plain.hidden == 1)
            let whole = try ParticipationCommand.parse(["2019", "--department"]).chosen(all, format)
            #expect(whole.messages.count == 3 && whole.hidden == 0)
        }
        #expect(!ParticipationCommand.helpMessage().contains("| sort"))
    }

    @Test func percentilesPrintExactFractionsShort() {
        #expect(PercentileRows.short("119/4") == "29.75")
        #expect(PercentileRows.short("1/3") == "0.333333")
        #expect(PercentileRows.short("12") == "12")
        #expect(PercentileRows.short("") == "")
    }

    @Test func aYearThatNobodyOpenedIsNone() {
        let text = AbsentYear.refusal("determinations", year: 2091, years: [2018, 2019])
        #expect(text.hasPrefix("no such year: no determinations of 2091; there are those of 2018, 2019"))
    }

    @Test(.enabled(if: TestBroker.isThere)) func onlyAnOpenYearMayBeEmpty() throws {
        let connection = try TestBroker.connection("absent")
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.openYear(2019, partitions: partitions, into: sink)
        }
        #expect(throws: Never.self) { try AbsentYear.settle("determinations", year: 2019, years: [], connection) }
        #expect(throws: Never.self) { try AbsentYear.settle("determinations", year: 2018, years: [2018], connection) }
        let failure = #expect(throws: Failure.self) {
            try AbsentYear.settle("determinations", year: 2091, years: [2018], connection)
        }
        #expect(failure?.status == .badInput)
    }

    /// Every command that is asked for a year answers one that nobody opened alike, and one that is open as empty.
    @Test(.enabled(if: TestBroker.isThere)) func everyCommandRefusesAYearThatNobodyOpened() throws {
        let connection = try TestBroker.connection("years")
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.openYear(2019, partitions: partitions, into: sink)
        }
        let place = [
            "--brokers", connection.brokers, "--namespace", connection.pipeline.namespace, "--local-broker",
        ]
        for name in ["rejections", "status", "determinations", "participation", "percentiles", "notices", "candidates"]
        {
            func run(_ year: String) throws {
                let arguments = [name, year] + (name == "status" ? ["--once"] : []) + place
                let command = try #require(try AccountabilityCommand.parseAsRoot(arguments) as? any OperatorCommand)
                try command.operate()
            }
            #expect(throws: Never.self, "\(name)") { try run("2019") }
            let failure = #expect(throws: Failure.self, "\(name)") { try run("2091") }
            #expect(failure?.status == .badInput && failure?.message.hasPrefix("no such year") == true, "\(name)")
        }
    }

    @Test func noticesAreThoseOfAYear() throws {
        #expect(try NoticesCommand.parse(["2019"]).year == 2019)
        #expect(throws: (any Error).self) { try NoticesCommand.parse(["19"]) }
    }

    @Test func saysWhatThereIsInstead() {
        #expect(
            YearSelection.absence("determinations", year: 2031, years: [2018, 2019])
                == "no determinations of 2031; there are those of 2018, 2019"
        )
        let text = ExplainCommand.absence(
            year: 2019,
            org: "00350012",
            years: [2019],
            relatives: ["00350000", "00350013"]
        )
        #expect(text.contains("00350000, 00350013"))
    }
}
