internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading

/// `accountability audit`: checks that the published tables follow from the ledger.
struct AuditCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Checks that the published tables follow from the submitted rows.",
        discussion: """
            Checks that the topics have the required settings, that the position of every stage lies within its topics, that the receipts \
            add up (rows = accepted + rejected + unchanged), that the ledger has every submission of this home's archive, and that every \
            topic holds what its stage has published. The last check uses figures that the stages write with each commit. --recompute also \
            computes every table from the ledger again, in this process, and compares it with the published one, byte by byte. Each problem \
            names its remedy.

              accountability audit
              accountability audit --recompute --json

            Exit codes: 0 all is well; 64 usage; 69 no broker answers; 78 there is a problem.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var viewer: ViewerOption

    @Flag(help: "Compute every table from the ledger and compare.")
    var recompute = false

    @Flag(help: "Print every finding as JSON.")
    var json = false

    func operate() throws {
        let connection = try broker.connection()
        var findings = try Audit(connection).findings()
        if recompute { findings += try Recomputation(connection).findings() }
        let diagnosis = Diagnosis(findings: findings)
        Standard.output(json ? try diagnosis.json() : diagnosis.text())
        guard diagnosis.problems == 0 else { throw ExitStatus.configuration.exitCode }
    }
}
