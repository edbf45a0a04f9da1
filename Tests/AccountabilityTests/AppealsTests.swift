import ArgumentParser
import Messages
import Operating
import Reading
import Stages
import Streaming
import SwiftProtobuf
import Testing

@testable import accountability

/// Appeals, from the acts on record.
@Suite struct AppealsTests {
    private func act(
        _ directive: String,
        _ kind: String,
        _ code: String,
        _ date: String,
        due: String = "",
        year: UInt32 = 2019
    ) -> Accountability_V1_Directive {
        .with {
            $0.schoolYear = year
            $0.directive = directive
            $0.kind = kind
            $0.orgCode = code
            $0.effectiveDate = date
            $0.endDate = due
            $0.reason = "\(kind) because"
            $0.reference = "\(kind) by"
        }
    }

    private func status(_ acts: [Accountability_V1_Directive], today: String = "2019-11-01") -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: Appeal.all(acts, year: 2019, today: today).map { ($0.orgCode, $0.status.rawValue) }
        )
    }

    @Test func anAppealIsOpenUntilItsDayOrADecision() {
        let filed = act("appeal", "filed", "00350012", "2019-10-01", due: "2019-11-02")
        #expect(status([filed]) == ["00350012": "open"])
        #expect(status([filed], today: "2019-11-02") == ["00350012": "due"])
        #expect(status([filed], today: "2019-12-01") == ["00350012": "due"])
        #expect(status([act("appeal", "filed", "00350012", "2019-10-01")], today: "2029-01-01") == ["00350012": "open"])
        let denied = act("appeal", "denied", "00350012", "2019-10-20")
        #expect(status([filed, denied], today: "2019-12-01") == ["00350012": "denied"])
        let granted = act("release", "appeal", "00350012", "2019-10-20")
        #expect(status([filed, granted], today: "2019-12-01") == ["00350012": "granted"])
        #expect(status([denied, granted, filed]) == ["00350012": "granted"])
        let later = act("appeal", "denied", "00350012", "2019-10-21")
        #expect(status([later, granted, filed]) == ["00350012": "denied"])
    }

    @Test func othersAreNotListed() {
        let acts = [
            act("release", "official", "00000000", "2019-09-24"), act("release", "revised", "00350012", "2019-10-20"),
            act("appeal", "filed", "00350012", "2018-10-01", year: 2018),
            act("designation", "underperforming", "00350012", "2019-10-01"),
            act("release", "appeal", "00350010", "2019-10-20"), act("appeal", "filed", "00010005", "2019-10-20"),
        ]
        #expect(status(acts) == ["00350010": "granted", "00010005": "open"])
        let rows = Appeal.listing(Appeal.all(acts, year: 2019, today: "2019-11-01")).rows
        #expect(
            rows == [
                ["2019", "00010005", "open", "2019-10-20", "", "", "filed because", "filed by", "", ""],
                ["2019", "00350010", "granted", "", "", "2019-10-20", "", "", "appeal because", "appeal by"],
            ]
        )
    }

    /// What a revision or a change on appeal refers to is a submission of the installation.
    @Test(.enabled(if: TestBroker.isThere), arguments: ["appeal", "revised"])
    func aReferenceNamesASubmission(_ kind: String) throws {
        let connection = try TestBroker.connection("appeals")
        let id = "20191019T120000000Z-4f1a2b"
        try OperatorAct.commit(connection) { sink in
            let receipt: Accountability_V1_Receipt = .with { ($0.submission, $0.rows, $0.accepted) = (id, 1, 1) }
            let value: [UInt8] = try receipt.serializedBytes()
            try sink.send(
                topic: connection.pipeline.name(Topics.receipts),
                partition: 0,
                key: Array("\(id)/0".utf8).span,
                value: value.span,
                eventType: Topics.receipts.eventType,
                cause: ""
            )
        }
        func command(_ reference: String, _ more: [String] = []) throws -> DirectiveCommand {
            try DirectiveCommand.parse(
                [
                    "release", kind, "--year", "2019", "--org", "00350012", "--reason", "Score", "--reference",
                    reference,
                ] + more
            )
        }
        try command(id).checkReference(connection)
        for reference in ["nonsense", "20191019T120000000Z-4f1a2c", id.lowercased()] {
            let error = #expect(throws: Failure.self) { try command(reference).checkReference(connection) }
            #expect(error?.status == .badInput && error?.message.contains("--reference \(reference)") == true)
        }
        #expect(try command("nonsense").namesSubmission && !command("nonsense", ["--withdraw"]).namesSubmission)
        let letter = ["appeal", "filed", "--year", "2019", "--org", "00350012", "--reference", "Letter"]
        #expect(try !DirectiveCommand.parse(letter).namesSubmission)
    }
}
