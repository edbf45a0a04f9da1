import Kafka

/// What a restore does with a record.
extension Restore {
    /// Gives a record to the tasks for which its partition is read.
    func take(_ record: borrowing Record, _ reading: Reading) throws {
        switch reading.role {
        case .source(let source): try fold(record, of: source, into: reading.runners)
        case .again(let source): try publishAgain(record, of: source, by: reading.runners)
        case .output(let output): try recall(record, of: output, by: reading.runners)
        case .back(let output): readAgain(record, of: output, by: reading.runners)
        case .progress:
            guard let value = record.value, let marker = try? CompletionMarker.decode(value) else { return }
            for runner in reading.runners { runner.recall(marker: marker) }
        }
    }

    private func fold(_ record: borrowing Record, of source: Int, into runners: [TaskRunner]) throws {
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        let label = record.label(expected: labels.expected[source], completion: labels.completion)
        for runner in runners {
            let refusal = try runner.consume(
                InputRecord(
                    source: source,
                    offset: record.offset,
                    timestamp: record.timestamp ?? 0,
                    key: key,
                    value: record.value,
                    cause: nil,
                    label: label
                )
            )
            if let refusal { runner.quarantine(record.detach(), refusal) }
        }
    }

    private func publishAgain(_ record: borrowing Record, of source: Int, by runners: [TaskRunner]) throws {
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        for runner in runners {
            try runner.publishAgain(
                InputRecord(
                    source: source,
                    offset: record.offset,
                    timestamp: record.timestamp ?? 0,
                    key: key,
                    value: record.value,
                    cause: nil
                )
            )
        }
    }

    private func recall(_ record: borrowing Record, of output: Int, by runners: [TaskRunner]) throws {
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        for runner in runners
        where stage.outputs[output].isPublished(by: runner.partition, key: key, in: record.partition, of: partitions) {
            let label = record.label(expected: labels.outputs[output], completion: labels.completion)
            try runner.recall(
                output: output,
                partition: record.partition,
                offset: record.offset,
                key: key,
                value: record.value,
                isOwn: label == .expected
            )
        }
    }

    private func readAgain(_ record: borrowing Record, of output: Int, by runners: [TaskRunner]) {
        let none: [UInt8] = []
        let key: Span<UInt8> = if let bytes = record.key { bytes } else { none.span }
        for runner in runners {
            runner.readAgain(
                output: output,
                record.partition,
                record.offset,
                key: key,
                value: record.value,
                cause: record.header("ce_cause").value
            )
        }
    }
}
