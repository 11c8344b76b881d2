<?php

namespace Hello;

class Greeting
{
    const TEXT = "Hello from a class\n";
}
