import Testing

@testable import notification_worker

/// How long the delivering worker may be silent before its partitions may be another's.
@Suite struct DeliverySilenceTests {
    @Test func aFrozenWorkerKnowsThatItsPartitionsMayBeAnothers() {
        let start = ContinuousClock.now
        var silence = DeliverySilence(sessionTimeout: "6000", now: start)
        #expect(!silence.wasTooLong(now: start + .seconds(5)))
        #expect(silence.wasTooLong(now: start + .seconds(6)))
        silence.end(now: start + .seconds(7))
        #expect(!silence.wasTooLong(now: start + .seconds(12)))
        #expect(silence.wasTooLong(now: start + .seconds(13)))
        let usual = DeliverySilence(sessionTimeout: nil, now: start)
        #expect(!usual.wasTooLong(now: start + .seconds(44)) && usual.wasTooLong(now: start + .seconds(45)))
    }
}
