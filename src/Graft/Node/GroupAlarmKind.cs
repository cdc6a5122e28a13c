namespace Graft;

/// <summary>What an alarm is about.</summary>
public enum GroupAlarmKind
{
    /// <summary>A state machine can't go on: its group applies nothing further on this node.</summary>
    ApplyHalted,

    /// <summary>Nodes that have applied the same entries have different states.</summary>
    StatesDiffer,
}
