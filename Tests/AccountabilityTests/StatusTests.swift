import Foundation
import Messages
import Streaming
import SwiftProtobuf
import Testing
@testable import accountability
@testable import Reading

@Suite struct StatusTests {
    private func view() throws -> InstallationView {
        var view = InstallationView()
        var opened = Accountability_V1_SubmissionEntry()
        opened.yearOpened.schoolYear = 2019
        view.fold(Topics.submissions, key: "year/2019", value: try opened.serializedBytes())
        var header = Accountability_V1_SubmissionEntry()
        header.header.submission = "s1"
        header.header.fileName = "a.csv"
        header.header.rows = 10
        view.fold(Topics.submissions, key: "submission/s1", value: try header.serializedBytes())
        for partition in 0..<2 {
            var receipt = Accountability_V1_Receipt()
            receipt.submission = "s1"
            receipt.partition = Int32(partition)
            receipt.accepted = 4
            receipt.rejected = 1
            // Only the newest of a key counts.
            for _ in 0..<2 { view.fold(Topics.receipts, key: "s1/\(partition)", value: try receipt.serializedBytes()) }
            let marker = try CompletionMarker.encode(
                scope: "2019",
                stage: "validation",
                partition: Int32(partition),
                partitions: 2
            )
            view.fold(Topics.progress, key: marker.key, value: marker.value)
        }
        // A stage that nobody knows, and a year that is none, are strangers'.
        for (scope, stage) in [("2019", "forecast"), ("9223372036854775807", "validation"), ("02019", "validation")] {
            let marker = try CompletionMarker.encode(scope: scope, stage: stage, partition: 0, partitions: 100)
            let isUnderstood = view.fold(Topics.progress, key: marker.key, value: marker.value)
            #expect(!isUnderstood)
        }
        view.fold(Topics.determinations, key: "2019/00350000", value: [1])
        view.fold(Topics.determinations, key: "2019/00350012", value: [1])
        view.fold(Topics.determinations, key: "2019/00350012", value: nil)
        return view
    }

    @Test func foldsTheTopics() throws {
        let report = StatusReport(
            try view(),
            years: [],
            brokers: "b:9092",
            namespace: "",
            ledgerRecords: 12,
            lags: [("validation", 3)]
        )
        #expect(report.submissions == 1 && report.rows == 10 && report.accepted == 8 && report.rejected == 2)
        #expect(report.years.count == 1 && report.years[0].determined == 1 && report.years[0].isOpen && !report.isDone)
        #expect(report.years[0].stages[0] == .init(stage: "validation", complete: 2, partitions: 2))
        #expect(report.text().contains("validation     [####################] 2/2"))
        #expect(report.text().contains("notification   [....................] 0/?"))
    }

    @Test func namesTheLastDayOfTheEmbargo() throws {
        var view = try view()
        func text() -> String {
            StatusReport(view, years: [], brokers: "", namespace: "", ledgerRecords: 0, lags: []).text()
        }
        func put(_ kind: String, _ code: String, end: String?, year: Int = 2019) throws {
            var act = Accountability_V1_Directive()
            (act.directive, act.kind, act.orgCode) = ("release", kind, code)
            (act.schoolYear, act.endDate) = (UInt32(year), end ?? "")
            let value: [UInt8]? = end == nil ? nil : try act.serializedBytes()
            let isUnderstood = view.fold(Topics.directives, key: "\(year)/release/\(code)/\(kind)", value: value)
            #expect(isUnderstood)
        }
        try put("preliminary", "00360000", end: "")
        try put("preliminary", "00350000", end: "2019-12-31", year: 2018)
        #expect(text().contains("1 organizations determined\n"))
        try put("preliminary", "00000000", end: "2019-09-20")
        try put("preliminary", "00350000", end: "2019-09-24")
        #expect(text().contains("1 organizations determined, preliminary results embargoed until 2019-09-24\n"))
        try put("official", "00350000", end: "")
        #expect(text().contains("embargoed until 2019-09-20\n"))
        try put("preliminary", "00000000", end: nil)
        #expect(!text().contains("embargo"))
        try put("preliminary", "00360000", end: "2019-09-22")
        #expect(text().contains("embargoed until 2019-09-22\n"))
        // The state's release makes everything official.
        try put("official", "00000000", end: "")
        #expect(!text().contains("embargo"))
    }

    /// A receipt of 67 rows of which 21 were accepted and the rest is nowhere is not "all is well".
    @Test func whatIsWrongIsALineOfItsOwn() throws {
        var report = StatusReport(try view(), years: [], brokers: "", namespace: "", ledgerRecords: 0, lags: [])
        #expect(!report.text().contains("PROBLEM"))
        var totals = SubmissionTotals(id: "s1")
        (totals.rows, totals.accepted) = (67, 21)
        report.problems = ReceiptCheck.additions([totals])
        #expect(
            report.text().contains("PROBLEM  receipts (s1 ()): 67 rows, but 21 accepted + 0 rejected + 0 unchanged")
        )
        #expect(report.text().contains("→ `accountability rebuild --stage validation`"))
    }

    @Test func aYearThatNobodyOpenedIsNone() throws {
        #expect(StatusCommand.refusal(of: [], known: []) == nil)
        #expect(StatusCommand.refusal(of: [2019], known: try view().years) == nil)
        let text = try #require(StatusCommand.refusal(of: [2019, 2091], known: try view().years))
        #expect(text.hasPrefix("no such year: 2091 was never opened; the school years are 2019;"))
        #expect(StatusCommand.refusal(of: [2091], known: [])?.contains("no school year is open") == true)
    }

    @Test func isDoneWhenTheLastStageIs() throws {
        var view = try view()
        let marker = try CompletionMarker.encode(scope: "2019", stage: "notification", partition: 0, partitions: 1)
        view.fold(Topics.progress, key: marker.key, value: marker.value)
        let report = StatusReport(view, years: [], brokers: "", namespace: "", ledgerRecords: 0, lags: [])
        #expect(report.years.map(\.year) == [2019] && report.years[0].stages.allSatisfy { $0.partitions ?? 0 < 100 })
        #expect(report.isDone && !report.years[0].isOpen, "a year that is complete is not open any more")
    }

    @Test func estimatesFromTheTrend() {
        var trend = LagTrend()
        #expect(trend.secondsLeft(at: 0, lag: 1000) == nil)
        #expect(trend.secondsLeft(at: 10, lag: 500) == 10)
        #expect(trend.secondsLeft(at: 12, lag: 2000) == nil)
        #expect(
            StatusReport.duration(45) == "45 s" && StatusReport.duration(150) == "3 min"
                && StatusReport.duration(7500) == "2 h 05 min"
        )
    }

    @Test func readsPrometheusFigures() {
        let figures = ProcessCheck.figures("# HELP a b\na{x=\"1\"} 2\na{x=\"2\"} 3.5\nb 1\nbroken\n")
        #expect(figures == ["a": 5.5, "b": 1])
    }

    @Test func aDiagnosisCountsItsFindings() throws {
        let diagnosis = Diagnosis(findings: [.ok("a", "", "fine"), .problem("b", "here", "wrong", "mend it")])
        #expect(
            diagnosis.problems == 1
                && diagnosis.text().contains("PROBLEM  b (here): wrong\n         → mend it\n1 problem, 0 warnings")
        )
        #expect(try diagnosis.json().contains("\"severity\" : \"problem\""))
    }
}
