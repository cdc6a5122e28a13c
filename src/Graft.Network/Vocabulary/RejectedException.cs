using Graft.Consensus;

namespace Graft;

/// <summary>Nothing happened, and nothing of it will happen later. A retry is safe.</summary>
/// <remarks>
/// It speaks of this call. Where an earlier one under the same number, or a step before it, may have had its effect, <see cref="RejectReason"/> says so.
/// </remarks>
public class RejectedException : GraftException
{
    /// <summary>Made by whoever refuses, and by whoever reads the refusal.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">What was expected, what came, and what to do.</param>
    /// <param name="leader">Who leads, if that is known and helps.</param>
    public RejectedException(RejectReason reason, string message, NodeId? leader = null)
        : base(message) => (Reason, Leader) = (reason, leader);

    /// <summary>Why, for programs; the message is the same for people.</summary>
    public RejectReason Reason { get; }

    /// <summary>Where to go instead, if known.</summary>
    public NodeId? Leader { get; }
}
