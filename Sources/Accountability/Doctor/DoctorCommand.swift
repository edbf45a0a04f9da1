internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Operating
internal import Reading

/// `accountability doctor`: finds problems of an installation.
struct DoctorCommand: AsyncOperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Finds problems of this installation, and says what to do.",
        discussion: """
            The command checks the brokers, the topics, the groups of the stages, a transaction and the clocks. On this machine it checks \
            the processes, the key, the inbox and the spool. It changes nothing, and never prints a secret.

              accountability doctor
              accountability doctor --brokers kafka:9093 --properties-file client.properties
              accountability doctor --json | jq '.[] | select(.severity != "ok")'

            Exit codes: 0 all is well, perhaps with warnings; 64 usage; 78 there is a problem.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var viewer: ViewerOption

    @Flag(help: "Print every finding as JSON.")
    var json = false

    func operate() async throws {
        let connection = try broker.connection(environment: ProcessInfo.processInfo.environment)
        var findings = LibraryCheck(connection.kafka).findings()
        findings += HomeCheck(home: connection.home, now: Date()).findings()
        findings += await ProcessCheck(home: connection.home).findings()
        findings += BrokerCheck(connection).findings()
        if !findings.contains(where: { $0.severity == .problem }) { findings += HeldCheck.findings(connection) }
        let diagnosis = Diagnosis(findings: findings)
        Standard.output(json ? try diagnosis.json() : diagnosis.text())
        guard diagnosis.problems == 0 else { throw ExitStatus.configuration.exitCode }
    }
}
