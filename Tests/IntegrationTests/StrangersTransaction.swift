import Foundation
import Testing

/// A transaction of another program that stays open: readers of committed records see nothing after its record.
final class StrangersTransaction {
    private let process = Process()
    private let input = Pipe()

    /// Writes a record to the first partition of a topic, and leaves the transaction open.
    init(in topic: String, of machine: Machine) throws {
        let script = """
            import sys
            from confluent_kafka import Producer
            producer = Producer({"bootstrap.servers": sys.argv[1], "transactional.id": "stranger"})
            producer.init_transactions(20)
            producer.begin_transaction()
            producer.produce(sys.argv[2], partition=0, key=b"~")
            if producer.flush(20): sys.exit("not written")
            print("open", flush=True)
            sys.stdin.read()
            producer.abort_transaction(20)
            """
        process.executableURL = URL(filePath: try #require(TestEnvironment.python))
        process.arguments = ["-c", script, try machine.brokers(), topic]
        process.standardInput = input
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let told = firstLine(of: output)
        try #require(told == "open", "the transaction is not open: \(told)")
    }

    /// Aborts it.
    func end() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    deinit { if process.isRunning { process.terminate() } }
}
