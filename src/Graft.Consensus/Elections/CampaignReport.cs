using System.Collections.Immutable;

namespace Graft.Consensus;

/// <summary>How the last campaign went: who said yes, and who said no and why.</summary>
public sealed class CampaignReport
{
    private readonly SortedDictionary<NodeId, MessageReason> _answers = [];

    internal CampaignReport(Instant at, Term term)
    {
        At = at;
        Term = term;
    }

    /// <summary>When it began.</summary>
    public Instant At { get; }

    /// <summary>The term that was asked for.</summary>
    public Term Term { get; }

    /// <summary>Who has answered, by id; <see cref="MessageReason.None"/> is a yes.</summary>
    public ImmutableArray<(NodeId Voter, MessageReason Reason)> Answers =>
        [.. _answers.Select(answer => (answer.Key, answer.Value))];

    internal void Note(in Message reply) => _answers.TryAdd(reply.From, reply.Reason);
}
