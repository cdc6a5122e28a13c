namespace Graft;

/// <summary>A state machine that waits for something outside of this process, and can be made not to.</summary>
internal interface IMachineStop
{
    /// <summary>Ends what it waits for, if need be by force. From any thread, also while a call of it is under way: that call throws then.</summary>
    void Abandon();
}
