import ArgumentParser
import Foundation
import Operating
import Testing
@testable import Reading
@testable import accountability

/// What somebody at the keyboard is told.
@Suite struct CommandNamesTests {
    @Test(arguments: [
        (
            ["determinaton", "2019"],
            "there is no command 'accountability determinaton'; did you mean 'accountability determinations'?"
        ),
        (["evaluate", "percentile", "x.csv"], "did you mean 'accountability evaluate percentiles'?"),
        (["help", "explian"], "did you mean 'accountability explain'?"),
        (["zzzzzzzzzz"], "there is no command 'accountability zzzzzzzzzz'; `accountability --help`"),
    ])
    func aMisspeltCommandIsToldTheNearest(_ arguments: [String], _ text: String) throws {
        let refusal = try #require(CommandNames.refusal(arguments))
        #expect(refusal.contains(text), "\(refusal)")
    }

    @Test(arguments: [
        [], ["--help"], ["--version"], ["help"], ["help", "submit"], ["submit", "zzz.csv"], ["determinations", "2019"],
        ["framework", "show", "2019"], ["supervise"], ["help", "kafka"],
    ])
    func aCommandThatThereIsIsNotRefused(_ arguments: [String]) {
        #expect(CommandNames.refusal(arguments) == nil)
    }

    @Test func kafkaStandsAtTheEndOfEachHelpAndInFullInItsOwn() throws {
        let short = HelpText.arranged(DeterminationsCommand.helpMessage(columns: 100))
        let sections = short.components(separatedBy: "\n\n")
        #expect(sections.last?.hasPrefix("KAFKA:\n") == true)
        #expect(short.contains("--brokers") && !short.contains("--property ") && !short.contains("--local-broker"))
        #expect(short.hasSuffix("The others: accountability help kafka\n"))
        #expect(DeterminationsCommand.helpMessage(includeHidden: true).contains("--property "))
        let own = KafkaOptionsCommand.helpMessage()
        for option in ["--brokers", "--namespace", "--property ", "--properties-file", "--local-broker"] {
            #expect(own.contains(option))
        }
        let root = HelpText.arranged(AccountabilityCommand.helpMessage(columns: 100))
        #expect(root == AccountabilityCommand.helpMessage(columns: 100))
    }

    @Test func theVersionIsPrinted() throws {
        do {
            _ = try AccountabilityCommand.parseAsRoot(["--version"])
            Issue.record("--version is read as a command")
        } catch {
            #expect(AccountabilityCommand.fullMessage(for: error) == Version.text)
            #expect(AccountabilityCommand.exitCode(for: error).isSuccess)
        }
    }

    @Test func aFileWhoseNameBeginsWithADashIsSubmitted() throws {
        let command = try #require(
            try AccountabilityCommand.parseAsRoot(["submit", "--ignore-extra", "--", "-dash.csv"]) as? Submit
        )
        #expect(command.files == ["-dash.csv"] && command.ignoreExtra)
    }

    @Test func whoBreaksASubmissionOffIsToldWhatIsInTheLedger() {
        var first = SubmissionOutcome(id: "a-1", fileName: "a.csv")
        first.rows = 10
        first.accepted = 4
        first.unchanged = 1
        let text = ReceiptText.interrupted([(first, true), (SubmissionOutcome(id: "b-2", fileName: "b.csv"), false)])
        #expect(text.contains("a.csv (a-1): in the ledger, 5 of 10 rows validated so far"))
        #expect(text.contains("b.csv (b-2): in the inbox"))
    }
}
