using Graft.Consensus;

namespace Graft;

/// <summary>Nothing happened, and nothing of it will happen later. A retry is safe.</summary>
public class RejectedException : GraftException
{
    /// <param name="reason">Why.</param>
    /// <param name="message">What was expected, what came, and what to do.</param>
    /// <param name="leader">Who leads, if that is known and helps.</param>
    public RejectedException(RejectReason reason, string message, NodeId? leader = null)
        : base(message) => (Reason, Leader) = (reason, leader);

    public RejectReason Reason { get; }

    /// <summary>Where to go instead, if known.</summary>
    public NodeId? Leader { get; }
}
