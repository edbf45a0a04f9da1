import ArgumentParser
import Foundation
import Operating
import Stages

/// How notices leave the pipeline beyond their topic; each channel is there when it is configured.
struct DeliveryOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Leave every notice as a file in this folder: <year>/<district>/<year>-<org>-r<revision>.json.",
            valueName: "folder"
        )
    )
    var spool: String?

    @Option(
        help: ArgumentHelp(
            "Leave every notice as messages for `sendmail -t` in this folder; sent ones belong into sent/ below it.",
            valueName: "folder"
        )
    )
    var mailSpool: String?

    @Option(help: ArgumentHelp("The sender of the messages.", valueName: "address"))
    var mailFrom: String?

    @Option(
        help: ArgumentHelp(
            "Who receives mail: CSV of org_code,address; the state's code receives what has no other.",
            valueName: "file"
        )
    )
    var mailRecipients: String?

    @Option(
        help: ArgumentHelp(
            "Post every notice to this https endpoint, signed.",
            discussion: """
                Others on the machine can read a command line: a URL with a token in it belongs into --webhook-file or $ACCOUNTABILITY_WEBHOOK.
                """,
            valueName: "url"
        )
    )
    var webhook: String?

    @Option(
        help: ArgumentHelp(
            "A file that holds the URL of --webhook and nothing else, for its owner alone; default: $ACCOUNTABILITY_WEBHOOK.",
            valueName: "file"
        )
    )
    var webhookFile: String?

    @Option(
        help: ArgumentHelp(
            "The secret of the signatures, for its owner alone; default: $ACCOUNTABILITY_WEBHOOK_SECRET.",
            valueName: "file"
        )
    )
    var webhookSecretFile: String?

    @Flag(help: "Allow http and addresses that are not of the public internet.")
    var webhookAllowPrivate = false

    @Option(help: ArgumentHelp("How often a delivery is attempted before it is dead.", valueName: "count"))
    var deliveryAttempts: UInt32 = 20

    @Option(
        help: ArgumentHelp(
            "The first pause between attempts; each later one is twice as long, up to an hour.",
            valueName: "milliseconds"
        )
    )
    var deliveryPause: Int64 = 1000

    @Option(help: ArgumentHelp("How long an attempt at the endpoint may take.", valueName: "seconds"))
    var webhookTimeout: Int64 = 15

    @Option(help: ArgumentHelp("Deliver only what was published from this day on (UTC).", valueName: "yyyy-mm-dd"))
    var deliverSince: String?

    func validate() throws {
        guard (1...1000).contains(deliveryAttempts) else {
            throw ValidationError("--delivery-attempts takes 1 to 1000")
        }
        guard (1...3_600_000).contains(deliveryPause) else {
            throw ValidationError("--delivery-pause takes 1 to 3600000 milliseconds")
        }
        guard (1...300).contains(webhookTimeout) else {
            throw ValidationError("--webhook-timeout takes 1 to 300 seconds")
        }
        guard mailSpool == nil || (mailFrom != nil && mailRecipients != nil) else {
            throw ValidationError("--mail-spool needs --mail-from and --mail-recipients")
        }
        _ = try since()
        guard webhook == nil || webhookFile == nil else {
            throw ValidationError("--webhook and --webhook-file exclude each other")
        }
        if let webhook { _ = try endpoint(webhook, "--webhook") }
    }

    /// The endpoint that an option, a file or the environment names, in this order.
    ///
    /// - Throws: ``Failure`` or ``ValidationError`` if it is not a URL, or its file is not as it must be.
    func endpoint(environment: [String: String]) throws -> WebhookEndpoint? {
        if let webhook { return try endpoint(webhook, "--webhook") }
        if let webhookFile {
            do {
                let text = String(
                    decoding: try OwnersFile.bytes(webhookFile, "the file of the webhook's URL"),
                    as: UTF8.self
                )
                return try endpoint(text.trimmingCharacters(in: .whitespacesAndNewlines), webhookFile)
            } catch let error as OwnersFile.Refusal {
                throw Failure(.configuration, error.description)
            } catch let error as ValidationError {
                throw Failure(.configuration, error.message)
            }
        }
        guard let text = environment["ACCOUNTABILITY_WEBHOOK"], !text.isEmpty else { return nil }
        do {
            return try endpoint(text, "$ACCOUNTABILITY_WEBHOOK")
        } catch let error as ValidationError {
            throw Failure(.configuration, error.message)
        }
    }

    /// The first moment of ``deliverSince``.
    func since() throws -> Int64 {
        guard let deliverSince else { return 0 }
        guard deliverSince.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil,
            let date = try? Date("\(deliverSince)T00:00:00Z", strategy: .iso8601)
        else { throw ValidationError("--deliver-since takes a day, 2026-07-01") }
        return Int64(date.timeIntervalSince1970) * 1000
    }

    private func endpoint(_ text: String, _ place: String) throws -> WebhookEndpoint {
        do {
            return try WebhookEndpoint(text, allowPrivate: webhookAllowPrivate)
        } catch {
            throw ValidationError("\(place): \(error.description)")
        }
    }

    /// The channels that are configured.
    ///
    /// - Throws: ``Failure`` where a file, an address or a secret is not as it must be.
    func channels(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> DeliveryChannels {
        var channels = DeliveryChannels()
        channels.files = spool.map { SpoolFolder(path: $0) }
        if let mailSpool, let mailFrom, let mailRecipients {
            do {
                channels.mail = try MailSpool(path: mailSpool, from: mailFrom, recipientsFile: mailRecipients)
            } catch {
                throw Failure(.configuration, "\(error)")
            }
        }
        if let endpoint = try endpoint(environment: environment) {
            let secret: WebhookSecret
            do {
                if let webhookSecretFile {
                    secret = try WebhookSecret(contentsOf: webhookSecretFile)
                } else if let text = environment["ACCOUNTABILITY_WEBHOOK_SECRET"], !text.isEmpty {
                    secret = try WebhookSecret(bytes: Array(text.utf8))
                } else {
                    throw Failure(
                        .configuration,
                        "the webhook needs a secret: --webhook-secret-file or $ACCOUNTABILITY_WEBHOOK_SECRET"
                    )
                }
            } catch let error as WebhookSecret.Failure {
                throw Failure(.configuration, error.description)
            }
            channels.webhook = (endpoint, secret, webhookTimeout)
        }
        return channels
    }
}

/// The channels of an installation.
struct DeliveryChannels: Sendable {
    var files: SpoolFolder?
    var mail: MailSpool?
    var webhook: (endpoint: WebhookEndpoint, secret: WebhookSecret, timeoutSeconds: Int64)?

    /// Which there are.
    var names: Set<DeliveryChannel> {
        var names: Set<DeliveryChannel> = []
        if files != nil { names.insert(.files) }
        if mail != nil { names.insert(.mail) }
        if webhook != nil { names.insert(.webhook) }
        return names
    }
}
