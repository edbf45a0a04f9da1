internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading
internal import Stages

/// `accountability audit`: checks that the published tables follow from the ledger.
struct AuditCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Checks that the published tables follow from the submitted rows.",
        discussion: """
            Checks that the topics have the required settings, that the position of every stage lies within its topics, that the receipts \
            add up (rows = accepted + rejected + unchanged), that the ledger has every submission of this home's archive, and that every \
            topic holds what its stage has published. The last check uses figures that the stages write with each commit. --recompute also \
            computes every table from the ledger again, in this process, and compares it with the published one, byte by byte. --disclosure \
            also tries to compute hidden numbers of students from everything that is published. Each problem names its remedy.

              accountability audit
              accountability audit --recompute --disclosure --json

            The time and the number of problems of each check are kept in this home, where the console's release desk shows them.

            Exit codes: 0 all is well; 64 usage; 69 no broker answers; 78 there is a problem.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var viewer: ViewerOption

    @Flag(help: "Compute every table from the ledger and compare.")
    var recompute = false

    @Flag(help: "Attack everything that is published, to find numbers of students that should be hidden.")
    var disclosure = false

    @Flag(help: "Print every finding as JSON.")
    var json = false

    func operate() throws {
        let connection = try broker.connection()
        let keeper = AuditKeeper(
            home: connection.home,
            brokers: connection.brokers,
            namespace: connection.pipeline.namespace
        )
        var findings = try keeper.findings(of: .tables) { .init(findings: try Audit(connection).findings()) }
        if recompute {
            findings += try keeper.findings(of: .recomputation) {
                .init(findings: try Recomputation(connection).findings())
            }
        }
        if disclosure {
            findings += try keeper.findings(of: .disclosure) { try DisclosureCheck(connection).result() }
        }
        let diagnosis = Diagnosis(findings: findings)
        Standard.output(json ? try diagnosis.json() : diagnosis.text())
        guard diagnosis.problems == 0 else { throw ExitStatus.configuration.exitCode }
    }
}

/// Makes the checks of an audit, and keeps their results in the home.
struct AuditKeeper {
    let home: Home
    let brokers: String
    let namespace: String
    var clock: () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }

    /// Makes a check.
    ///
    /// Nothing is kept if the check fails, or if there is no home: then the installation is not one of this machine.
    func findings(of check: AuditRecords.Check, _ make: () throws -> DisclosureCheck.Result) throws -> [Finding] {
        let began = clock()
        let result = try make()
        let diagnosis = Diagnosis(findings: result.findings)
        let record = AuditRecords.Record(
            began: began,
            ended: clock(),
            problems: diagnosis.problems,
            warnings: diagnosis.warnings,
            attacked: result.attacked,
            left: result.left
        )
        keep(record, of: check)
        return result.findings
    }

    private func keep(_ record: AuditRecords.Record, of check: AuditRecords.Check) {
        guard FileManager.default.fileExists(atPath: home.directory.path) else { return }
        do {
            var records = try AuditRecords(home)
            records[check, brokers: brokers, namespace: namespace] = record
            try records.save(home)
        } catch {
            Standard.error("the result is not kept for the console: \(error.message)")
        }
    }
}
