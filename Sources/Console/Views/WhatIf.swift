internal import Operating

/// The trials to which the page of a framework leads.
enum WhatIf {
    /// The act that tries other values of assumed parameters.
    static let values = "what-if"
    /// The act that tries a framework on record.
    static let draft = "what-if-framework"
    /// The addresses of their forms.
    static let ofValues = "/acts/\(values)"
    static let ofDraft = "/acts/\(draft)"
    /// The role that may begin a trial.
    static let needs = Role.data
}
